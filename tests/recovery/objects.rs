//! The store in memory, as somebody sees it, and what may happen to an object in it.

use std::collections::BTreeMap;
use std::sync::Arc;

use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{ObjectStore as _, ObjectStoreExt as _, PutOptions};
use salespulse::snapshot::{Decoder, Header, Home, Item, ObjectName, Store};
use tokio::runtime::Runtime;

pub(crate) struct Objects {
    runtime: Arc<Runtime>,
    objects: Arc<InMemory>,
}

impl Objects {
    pub(crate) fn new() -> Objects {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        Objects { runtime: Arc::new(runtime), objects: Arc::new(InMemory::new()) }
    }

    /// A copy that has its own way from now on.
    pub(crate) fn fork(&self) -> Objects {
        Objects { runtime: Arc::clone(&self.runtime), objects: Arc::new(self.objects.fork()) }
    }

    /// Becomes what another store is.
    pub(crate) fn mirror(&self, other: &Objects) {
        let (own, others) = (self.all(), other.all());
        let gone: Vec<ObjectName> = own.keys().filter(|name| !others.contains_key(name)).copied().collect();
        self.store().delete(&gone).expect("memory");
        let differs = |object: &(ObjectName, Vec<u8>)| own.get(&object.0) != Some(&object.1);
        others.into_iter().filter(differs).for_each(|(name, bytes)| self.overwrite(name, bytes));
    }

    pub(crate) fn store(&self) -> Store {
        let objects = Arc::<InMemory>::clone(&self.objects);
        Store::new(objects, &Path::default(), "group", self.runtime.handle().clone(), "memory")
    }

    /// All objects of all rounds.
    pub(crate) fn all(&self) -> BTreeMap<ObjectName, Vec<u8>> {
        let rounds = self.store().rounds().expect("a listing");
        rounds.into_iter().flat_map(|round| round.objects).map(|name| (name, self.bytes(name))).collect()
    }

    /// Whether there is a round of this home.
    pub(crate) fn has_any_of(&self, home: Home) -> bool {
        self.store().rounds().expect("a listing").iter().any(|round| round.name.home == home)
    }

    /// Whether two writers have written a round together, whose offsets are others and have the same sum. Of such a round
    /// only what all objects hold is used, which is less than its name says.
    pub(crate) fn has_mixed_round(&self) -> bool {
        let mut offsets = BTreeMap::new();
        let mut headers = self.all().into_iter().filter_map(|(name, bytes)| Some((name, header(&bytes)?)));
        let is_other = |(name, header): (ObjectName, Header)| {
            let first = offsets.entry((name.round, name.shards)).or_insert_with(|| header.offsets.clone());
            *first != header.offsets
        };
        headers.any(is_other)
    }

    /// Replaces the bytes of an object, as no writer does.
    pub(crate) fn overwrite(&self, name: ObjectName, bytes: Vec<u8>) {
        let put = async { self.objects.put_opts(&path(name), bytes.into(), PutOptions::default()).await };
        self.runtime.block_on(put).expect("memory");
    }

    fn bytes(&self, name: ObjectName) -> Vec<u8> {
        let read = async { self.objects.get(&path(name)).await?.bytes().await };
        self.runtime.block_on(read).expect("it is there").to_vec()
    }
}

/// The header of an object; `None` if it is damaged.
pub(crate) fn header(bytes: &[u8]) -> Option<Header> {
    let mut decoder = Decoder::new().ok()?;
    decoder.push(bytes);
    match decoder.item() {
        Ok(Some(Item::Header(header))) => Some(*header),
        _ => None,
    }
}

fn path(name: ObjectName) -> Path {
    Path::from(format!("group/{name}"))
}
