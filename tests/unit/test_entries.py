from hypothesis import given
from hypothesis import strategies as st

from sightline.domain.entries import item_id
from sightline.domain.items import checked_item_id

texts = st.text(st.characters(codec=None), max_size=30)


def test_an_id_never_changes():
    """Ids are kept in every catalogue: a change here would make each picture a new item."""
    assert item_id("shoes/red.jpg") == "d094ea1dc414c9720cf6f7ff7e6ed690"
    assert item_id("shoes/red.jpg", "spring") == "096930aa80f4eca70d5f4fddd7c4f39c"


@given(texts, texts)
def test_any_key_gives_an_id_that_an_item_may_bear(key, source):
    assert checked_item_id(item_id(key, source)) == item_id(key, source)


@given(texts, texts, texts, texts)
def test_two_keys_or_sources_give_two_ids(key, source, other_key, other_source):
    same = (key, source) == (other_key, other_source)
    assert (item_id(key, source) == item_id(other_key, other_source)) is same
