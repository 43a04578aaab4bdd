//! Structs that the host and WGSL share, each declared once.

/// One member of a shared struct as Rust lays it out; a test compares it with naga's view of the WGSL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Name of the member.
    pub name: &'static str,
    /// Its WGSL type: `f32` or `u32`.
    pub wgsl_type: &'static str,
    /// Offset from the start of the struct, bytes.
    pub offset: usize,
}

/// A struct that also exists in WGSL.
pub trait Shared: bytemuck::Pod {
    /// Name of the struct in WGSL.
    const NAME: &'static str;
    /// Its members in order.
    const FIELDS: &'static [Field];
}

/// Declares a struct of `f32` and `u32` members that host and WGSL share, with its table of fields.
#[macro_export]
macro_rules! shared_struct {
    ($(#[$meta:meta])* pub struct $name:ident { $($(#[$doc:meta])* pub $field:ident: $type:ident,)* }) => {
        $(#[$meta])*
        #[repr(C)]
        #[derive(Clone, Copy, Debug, Default, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
        pub struct $name { $($(#[$doc])* pub $field: $type,)* }

        impl $crate::shared::Shared for $name {
            const NAME: &'static str = stringify!($name);
            const FIELDS: &'static [$crate::shared::Field] = &[$($crate::shared::Field {
                name: stringify!($field),
                wgsl_type: stringify!($type),
                offset: std::mem::offset_of!($name, $field),
            },)*];
        }
    };
}
