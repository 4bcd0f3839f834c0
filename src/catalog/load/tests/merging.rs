//! How a user's entries change the ones that ship, and what `like` takes over.

use super::model;
use crate::catalog::{Catalog, Endpoint};
use crate::domain::Quality;

#[test]
fn an_entry_of_a_known_name_replaces_only_what_it_states() {
    let shipped = Catalog::builtin().unwrap();
    let user = "\
wait_s = 50
[[provider]]
id = \"apiyi\"
price_factor = 1.2
paths = { edits = \"/edits\" }
[[model]]
provider = \"apiyi\"
id = \"gpt-image-2-all\"
endpoints = [\"images\"]
timeouts = { auto = 200 }
";
    let merged = Catalog::with_user(user).unwrap();
    let mut expected = shipped;
    expected.providers[0].price_factor = 1.2;
    expected.providers[0].paths.edits = "/edits".to_owned();
    expected.models[0].endpoints = vec![Endpoint::Images];
    expected.models[0].timeouts.insert(Quality::Auto, 200);
    assert_eq!(merged, expected);
}

#[test]
fn like_takes_the_fields_in_force_but_no_name_and_no_strangers_keys() {
    let user = "\
[[model]]
provider = \"openai\"
id = \"b\"
like = \"openai/a\"
rank = 1
[[model]]
provider = \"openai\"
id = \"a\"
like = \"apiyi/gpt-image-2\"
wire_id = \"deployment\"
key_variables = \"MY_KEY\"
[[model]]
provider = \"apiyi\"
id = \"gpt-image-2\"
most_images = 3
";
    let catalog = Catalog::with_user(user).unwrap();
    let (a, b) = (model(&catalog, "openai", "a"), model(&catalog, "openai", "b"));
    assert_eq!((a.wire_id.as_str(), b.wire_id.as_str()), ("deployment", "b"));
    assert_eq!((a.most_images, b.most_images), (3, 3));
    assert_eq!((a.key_variables, b.key_variables), (vec!["MY_KEY".to_owned()], vec!["MY_KEY".to_owned()]));
    assert_eq!(catalog.models[0].name, b.name, "a lower rank comes first");
    let shipped_like_it = model(&catalog, "openai", "gpt-image-2");
    assert_eq!(shipped_like_it.most_images, 16, "what ships is not changed by way of like");
    assert_eq!(shipped_like_it.key_variables, ["OPENAI_API_KEY"]);
}

#[test]
fn a_time_without_auto_falls_back_to_the_longest_stated() {
    let user = "[[model]]\nprovider = \"openai\"\nid = \"gpt-image-2\"\ntimeouts = { low = 20, high = 90 }\n";
    let model = model(&Catalog::with_user(user).unwrap(), "openai", "gpt-image-2");
    let seconds =
        [Quality::Low, Quality::Medium, Quality::Auto].map(|quality| model.timeout_seconds(quality));
    assert_eq!(seconds, [20, 90, 90]);
}
