//! Floor 1: providers and models, as data.
