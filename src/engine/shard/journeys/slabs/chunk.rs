//! The memory of a few blocks, which an image may share.

use std::mem::take;
use std::sync::Arc;

/// Bytes of one owner, until somebody wants to keep them as they are.
#[derive(Debug)]
pub(super) enum Chunk {
    /// Nobody else has seen them: no count of references is looked at to write them.
    Own(Box<[u8]>),
    /// Others may keep them.
    Shared(Arc<Box<[u8]>>),
}

impl Chunk {
    /// So many zeros.
    pub(super) fn new(length: usize) -> Chunk {
        Chunk::Own(vec![0; length].into_boxed_slice())
    }

    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Chunk::Own(bytes) => bytes,
            Chunk::Shared(bytes) => bytes,
        }
    }

    /// The bytes, to be changed: copied, if others still keep them as they are.
    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        if let Chunk::Shared(shared) = self {
            *self = Chunk::Own(Arc::unwrap_or_clone(take(shared)));
        }
        match self {
            Chunk::Own(bytes) => bytes,
            Chunk::Shared(_) => &mut [],
        }
    }

    /// The bytes as they are now, for others to keep.
    pub(super) fn share(&mut self) -> Chunk {
        if let Chunk::Own(bytes) = self {
            *self = Chunk::Shared(Arc::new(take(bytes)));
        }
        match self {
            Chunk::Own(_) => Chunk::new(0),
            Chunk::Shared(shared) => Chunk::Shared(Arc::clone(shared)),
        }
    }

    /// Whether others keep them.
    pub(super) fn is_shared(&self) -> bool {
        matches!(self, Chunk::Shared(bytes) if Arc::strong_count(bytes) > 1)
    }
}
