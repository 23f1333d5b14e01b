import CLinux
import Glibc

/// Time that what else the machine does has little part in.
public enum TestTime {
    /// Of the processor, by this thread.
    public static func threadNanoseconds() -> UInt64 {
        UInt64(geartrain_nanoseconds(CLOCK_THREAD_CPUTIME_ID))
    }
}
