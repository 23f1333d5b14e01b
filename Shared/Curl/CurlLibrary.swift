import CCurl
import Glibc

/// What must be done once before the first handle.
enum CurlLibrary {
    /// Nil, or why libcurl does not work here.
    static let failure: CurlError? = {
        // OpenSSL writes to sockets without MSG_NOSIGNAL: a peer that has gone would end the
        // process.
        signal(SIGPIPE, SIG_IGN)
        let code = curl_global_init(Int(CURL_GLOBAL_DEFAULT))
        return code == CURLE_OK ? nil : CurlError(code)
    }()

    static func prepare() throws {
        if let failure { throw failure }
    }
}

/// An easy handle with checked options.
struct EasyHandle {
    let pointer: UnsafeMutableRawPointer

    init() throws {
        try CurlLibrary.prepare()
        guard let pointer = curl_easy_init() else {
            throw CurlError(CURLE_OUT_OF_MEMORY)
        }
        self.pointer = pointer
    }

    func set(_ option: CURLoption, _ value: Int) throws {
        try check(geartrain_curl_set_long(pointer, option, value))
    }

    func set(_ option: CURLoption, _ value: String) throws {
        // A C string ends at NUL: what stands behind it would silently be lost.
        guard !value.utf8.contains(0) else {
            throw CurlError(CURLE_BAD_FUNCTION_ARGUMENT, details: "a setting holds NUL")
        }
        try check(geartrain_curl_set_string(pointer, option, value))
    }

    func set(_ option: CURLoption, pointer value: UnsafeMutableRawPointer?) throws {
        try check(geartrain_curl_set_pointer(pointer, option, value))
    }

    func check(_ code: CURLcode) throws {
        guard code == CURLE_OK else { throw CurlError(code) }
    }

    func integer(_ info: CURLINFO) -> Int {
        var value = 0
        return geartrain_curl_get_long(pointer, info, &value) == CURLE_OK ? value : 0
    }
}
