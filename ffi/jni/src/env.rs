//! The handful of JNI functions that this shell needs, each safe to call once an [`Env`] is made.

use std::ffi::c_void;
use std::ptr;

use jni_sys::{JNI_ABORT, JNIEnv, jbyte, jbyteArray, jlong, jlongArray, jobject, jobjectArray, jsize};
use liveset_ffi::status::{LIVESET_NULL, LIVESET_OK, LIVESET_TOO_SMALL};

/// The calling thread's view of the JVM, for the length of one call.
pub(crate) struct Env(*mut JNIEnv);

/// Calls a function of the JVM by the version that brought it.
macro_rules! jvm {
    ($env:expr, $version:ident, $function:ident $(, $argument:expr)*) => {{
        let env = $env.0;
        // SAFETY: `Env::new` was promised a JVM's own pointer, whose table is filled up to JNI 1.8; references come from the JVM,
        // were checked for null, and the memory behind pointers spans what is asked of it.
        unsafe { ((**env).$version.$function)(env $(, $argument)*) }
    }};
}

impl Env {
    /// # Safety
    /// `env` is what the JVM handed to the call that is running, and references handed to this `Env` are of that call.
    pub(crate) unsafe fn new(env: *mut JNIEnv) -> Env {
        Env(env)
    }

    /// Copies a `byte[]` in; none for null.
    pub(crate) fn bytes(&self, array: jbyteArray) -> Option<Vec<u8>> {
        if array.is_null() {
            return None;
        }
        let length = jvm!(self, v1_1, GetArrayLength, array);
        let mut bytes = vec![0u8; usize::try_from(length).ok()?];
        jvm!(self, v1_1, GetByteArrayRegion, array, 0, length, bytes.as_mut_ptr().cast::<jbyte>());
        self.quiet().then_some(bytes)
    }

    /// Puts a new `byte[]` into the first place of a `byte[][]`.
    pub(crate) fn reply(&self, into: jobjectArray, bytes: &[u8]) -> i32 {
        if into.is_null() {
            return LIVESET_NULL;
        }
        let Ok(length) = jsize::try_from(bytes.len()) else { return LIVESET_TOO_SMALL };
        let array = jvm!(self, v1_1, NewByteArray, length);
        if array.is_null() {
            return LIVESET_TOO_SMALL;
        }
        jvm!(self, v1_1, SetByteArrayRegion, array, 0, length, bytes.as_ptr().cast::<jbyte>());
        if self.quiet() {
            jvm!(self, v1_1, SetObjectArrayElement, into, 0, array);
        }
        if self.quiet() { LIVESET_OK } else { LIVESET_TOO_SMALL }
    }

    /// Copies numbers to the front of a `long[]`.
    pub(crate) fn numbers(&self, into: jlongArray, numbers: &[u64]) -> i32 {
        if into.is_null() {
            return LIVESET_NULL;
        }
        jvm!(self, v1_1, SetLongArrayRegion, into, 0, numbers.len() as jsize, numbers.as_ptr().cast::<jlong>());
        if self.quiet() { LIVESET_OK } else { LIVESET_TOO_SMALL }
    }

    /// How long a `long[]` is; 0 for null.
    pub(crate) fn length(&self, array: jlongArray) -> usize {
        if array.is_null() {
            return 0;
        }
        usize::try_from(jvm!(self, v1_1, GetArrayLength, array)).unwrap_or(0)
    }

    /// Reads a `long[]` where it lies; false where the JVM cannot give it. The collector waits meanwhile: `read` is short and calls
    /// nothing of the JVM.
    pub(crate) fn held(&self, array: jlongArray, read: impl FnOnce(*const u64)) -> bool {
        let numbers = jvm!(self, v1_2, GetPrimitiveArrayCritical, array, ptr::null_mut());
        if numbers.is_null() {
            return false;
        }
        let held = Held { env: self, array, numbers };
        read(held.numbers.cast_const().cast());
        true
    }

    /// Where a direct buffer lies, when it has room for `rows` of `width` bytes; NULL otherwise.
    pub(crate) fn rows<T>(&self, buffer: jobject, rows: usize) -> *mut T {
        if buffer.is_null() {
            return ptr::null_mut();
        }
        let capacity = jvm!(self, v1_4, GetDirectBufferCapacity, buffer);
        let room = usize::try_from(capacity).unwrap_or(0) / size_of::<T>();
        if room < rows {
            return ptr::null_mut();
        }
        jvm!(self, v1_4, GetDirectBufferAddress, buffer).cast()
    }

    /// No exception waits for the JVM.
    fn quiet(&self) -> bool {
        !jvm!(self, v1_2, ExceptionCheck)
    }
}

/// An array that the collector leaves where it is, until this is dropped, by a panic if need be.
struct Held<'a> {
    env: &'a Env,
    array: jlongArray,
    numbers: *mut c_void,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        jvm!(self.env, v1_2, ReleasePrimitiveArrayCritical, self.array, self.numbers, JNI_ABORT);
    }
}
