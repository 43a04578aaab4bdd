//! A socket that is given up when a head does not arrive in its time, or no further request comes.

use super::places::Connection;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};
use tokio_io_timeout::TimeoutStream;

/// The stream of a connection.
pub struct Paced {
    stream: Pin<Box<TimeoutStream<TcpStream>>>,
    connection: Arc<Connection>,
    /// Time that a head may take, and that is waited for one.
    head_time: Duration,
    keep_alive: Duration,
    /// When to give up; none while a request is being answered.
    end: Option<Pin<Box<Sleep>>>,
    /// Whether a head has begun. The first one has begun with the connection.
    is_head: bool,
}

impl Paced {
    pub fn new(
        stream: Pin<Box<TimeoutStream<TcpStream>>>,
        connection: Arc<Connection>,
        head_time: Duration,
        keep_alive: Duration,
    ) -> Paced {
        let end = Some(Box::pin(sleep(head_time)));
        Paced { stream, connection, head_time, keep_alive, end, is_head: true }
    }
}

impl AsyncRead for Paced {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        let read = this.stream.as_mut().poll_read(cx, buf);
        if !this.connection.waits() {
            (this.end, this.is_head) = (None, false);
            return read;
        }
        if read.is_ready() {
            if buf.filled().len() > before && !this.is_head {
                (this.end, this.is_head) = (Some(Box::pin(sleep(this.head_time))), true);
            }
            return read;
        }
        let keep_alive = this.keep_alive;
        let end = this.end.get_or_insert_with(|| Box::pin(sleep(keep_alive)));
        match end.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl AsyncWrite for Paced {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.get_mut().stream.as_mut().poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().stream.as_mut().poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().stream.as_mut().poll_shutdown(cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().stream.as_mut().poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
