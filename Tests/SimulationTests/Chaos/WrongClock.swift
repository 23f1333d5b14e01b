import TestSupport

/// Machines whose clocks are wrong by five minutes: a library before that of the system, which
/// shifts the time of day and nothing else.
struct WrongClock {
    /// By how many seconds, by copy.
    private static let skew = ["workflow-2": 300, "mail-1": -300, "gateway-2": 300]
    private static let source = """
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <stdlib.h>
        #include <time.h>
        int clock_gettime(clockid_t clock, struct timespec *time) {
            static int (*real)(clockid_t, struct timespec *);
            static long skew;
            if (!real) {
                const char *text = getenv("CLOCK_SKEW");
                skew = text ? atol(text) : 0;
                real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
            }
            int code = real(clock, time);
            if (code == 0 && clock == CLOCK_REALTIME) time->tv_sec += skew;
            return code;
        }
        """
    private let library: String

    /// Made with the compiler that comes with Swift.
    init(in folder: String) async throws {
        library = folder + "/clock.so"
        try TestFile.write(WrongClock.source, to: folder + "/clock.c")
        let (code, output) = try await ChildProcess.run(
            "clang", ["-shared", "-fPIC", "-o", library, folder + "/clock.c", "-ldl"])
        guard code == 0 else { throw ForeignFailure(output: output) }
    }

    func settings(of copy: String) -> [String: String] {
        guard let skew = WrongClock.skew[copy] else { return [:] }
        return ["LD_PRELOAD": library, "CLOCK_SKEW": "\(skew)"]
    }
}
