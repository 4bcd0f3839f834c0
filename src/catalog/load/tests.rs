//! A user's file over the shipped one: faults, merging, and other people's servers.

use crate::catalog::{Catalog, Model};

mod faults;
mod merging;
mod servers;

fn model(catalog: &Catalog, provider: &str, id: &str) -> Model {
    catalog.named(Some(provider), id).next().unwrap_or_else(|| panic!("{provider}/{id}")).clone()
}
