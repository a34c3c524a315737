//! Has memory fetched before it is needed, so that a processor need not wait for it.

/// Bytes that a processor fetches at once.
pub(crate) const LINE: usize = 64;

/// Begins to fetch what lies here, and waits for nothing.
#[inline(always)]
#[cfg(target_arch = "x86_64")]
pub(crate) fn prefetch<T>(value: &T) {
    safe_arch::prefetch_t0(value);
}

/// On this kind of processor there is no stable way to say so; nothing depends on it.
#[inline(always)]
#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn prefetch<T>(_: &T) {}
