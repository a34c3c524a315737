//! A list whose image costs next to nothing.

use std::sync::Arc;

/// How many values lie in one chunk: a write beside an image copies so many.
const CHUNK: usize = 128;

/// Values by their place. A clone shares all chunks with it; a chunk is copied when a value in it is changed while the
/// clone still lives.
#[derive(Clone, Debug)]
pub(super) struct Chunks<T>(Vec<Arc<Vec<T>>>);

impl<T> Default for Chunks<T> {
    fn default() -> Chunks<T> {
        Chunks(Vec::new())
    }
}

impl<T: Clone> Chunks<T> {
    /// How many values there are.
    pub(super) fn len(&self) -> usize {
        self.0.last().map_or(0, |last| (self.0.len() - 1) * CHUNK + last.len())
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        self.0.capacity() * size_of::<Arc<Vec<T>>>() + self.0.len() * (size_of::<Vec<T>>() + CHUNK * size_of::<T>())
    }

    /// Bytes held that no clone shares.
    pub(super) fn unshared_bytes(&self) -> usize {
        self.0.iter().filter(|chunk| Arc::strong_count(chunk) == 1).map(|chunk| chunk.capacity() * size_of::<T>()).sum()
    }

    pub(super) fn push(&mut self, value: T) {
        match self.0.last_mut().filter(|chunk| chunk.len() < CHUNK) {
            Some(chunk) => Arc::make_mut(chunk).push(value),
            None => {
                let mut chunk = Vec::with_capacity(CHUNK);
                chunk.push(value);
                self.0.push(Arc::new(chunk));
            }
        }
    }

    pub(super) fn get(&self, place: usize) -> Option<&T> {
        self.0.get(place / CHUNK)?.get(place % CHUNK)
    }

    pub(super) fn get_mut(&mut self, place: usize) -> Option<&mut T> {
        let chunk = self.0.get_mut(place / CHUNK).filter(|chunk| place % CHUNK < chunk.len())?;
        Arc::make_mut(chunk).get_mut(place % CHUNK)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.0.iter().flat_map(|chunk| chunk.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_image_tells_what_it_alone_holds() {
        let mut chunks = Chunks::default();
        (0..3 * CHUNK as u64).for_each(|value| chunks.push(value));
        let image = chunks.clone();
        assert_eq!(image.unshared_bytes(), 0);
        *chunks.get_mut(0).unwrap() = 7;
        *chunks.get_mut(1).unwrap() = 7;
        assert_eq!(image.unshared_bytes(), CHUNK * size_of::<u64>(), "one chunk was copied, once");
        drop(chunks);
        assert_eq!(image.unshared_bytes(), 3 * CHUNK * size_of::<u64>());
    }

    proptest! {
        /// It is a list, and what is done to it is not seen in an image that was taken before.
        #[test]
        fn an_image_stays_as_it_was(
            steps in proptest::collection::vec((any::<bool>(), 0_usize..600, any::<u16>()), 0..900),
            taken_after in 0_usize..900,
        ) {
            let (mut chunks, mut list) = (Chunks::default(), Vec::new());
            let mut image = None;
            for (number, (push, place, value)) in steps.into_iter().enumerate() {
                if number == taken_after {
                    image = Some((chunks.clone(), list.clone()));
                }
                if push {
                    chunks.push(value);
                    list.push(value);
                } else {
                    let (known, expected) = (chunks.get_mut(place), list.get_mut(place));
                    prop_assert_eq!(known.is_some(), expected.is_some());
                    known.into_iter().zip(expected).for_each(|(known, expected)| (*known, *expected) = (value, value));
                }
                prop_assert_eq!(chunks.get(place), list.get(place));
            }
            for (chunks, list) in image.into_iter().chain([(chunks, list)]) {
                prop_assert_eq!(chunks.len(), list.len());
                prop_assert!(chunks.iter().eq(&list));
            }
        }
    }
}
