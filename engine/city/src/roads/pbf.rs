//! OpenStreetMap's packed files.

use super::osm::{MOST_NODES, Osm, Way};
use super::{LARGEST_FILE, shown};
use hanze_base::error::{Error, Result};
use osmpbf::{Element, ElementReader, RelMemberType};
use std::path::Path;

/// Reads a packed file of OpenStreetMap.
pub(super) fn read(path: &Path) -> Result<Osm> {
    let size = std::fs::metadata(path).map_err(Error::io("reading", path))?.len();
    if size > LARGEST_FILE {
        return Err(Error::data(path, "is larger than a gigabyte", "cut it to the city, e.g. with osmium extract"));
    }
    // The library trusts differences between numbers, which a broken file can make overflow.
    let outcome = std::panic::catch_unwind(|| elements(path));
    let broken = |words: String| Error::data(path, format!("is not an OpenStreetMap PBF: {words}"), "fetch it again");
    match outcome {
        Ok(Ok(osm)) if osm.nodes.len() > MOST_NODES => Err(broken(format!("it has more than {MOST_NODES} nodes"))),
        Ok(Ok(osm)) => Ok(osm),
        Ok(Err(error)) => Err(broken(shown(&error.to_string()))),
        Err(_) => Err(broken("its numbers are broken".into())),
    }
}

fn elements(path: &Path) -> std::result::Result<Osm, osmpbf::Error> {
    let mut osm = Osm::default();
    let owned = |(key, value): (&str, &str)| (key.to_string(), value.to_string());
    ElementReader::from_path(path)?.for_each(|element| {
        if osm.nodes.len() > MOST_NODES {
            return;
        }
        // Histories hold what was deleted.
        let is_visible = match &element {
            Element::Node(node) => node.info().visible(),
            Element::DenseNode(node) => node.info().is_none_or(|info| info.visible()),
            Element::Way(way) => way.info().visible(),
            Element::Relation(relation) => relation.info().visible(),
        };
        if !is_visible {
            osm.deleted += 1;
            return;
        }
        match element {
            Element::Node(node) => {
                osm.nodes.insert(node.id(), (node.lon(), node.lat()));
                osm.node_tags(node.id(), &node.tags().map(owned).collect::<Vec<_>>());
            }
            Element::DenseNode(node) => {
                osm.nodes.insert(node.id(), (node.lon(), node.lat()));
                osm.node_tags(node.id(), &node.tags().map(owned).collect::<Vec<_>>());
            }
            Element::Way(way) => {
                let way = Way { id: way.id(), nodes: way.refs().collect(), tags: way.tags().map(owned).collect() };
                if way.is_wanted() {
                    osm.ways.push(way);
                }
            }
            Element::Relation(relation) => {
                let tags: Vec<_> = relation.tags().map(owned).collect();
                if tags.iter().any(|(key, value)| key == "type" && value == "restriction") {
                    let member = |member: osmpbf::elements::RelMember| {
                        let role = member.role().unwrap_or_default().to_string();
                        let is_known = member.member_type != RelMemberType::Relation;
                        is_known.then(|| (member.member_type == RelMemberType::Node, member.member_id, role))
                    };
                    osm.relation(&tags, &relation.members().filter_map(member).collect::<Vec<_>>());
                }
            }
        }
    })?;
    Ok(osm)
}
