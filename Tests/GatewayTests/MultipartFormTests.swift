import HTTP
import JSON
import ServiceRuntime
import Synchronization
import TestSupport
import Testing

@testable import Gateway

/// Forms with files, as browsers send them, in whatever pieces they come.
@Suite struct MultipartFormTests {
    /// A request whose body comes in pieces of these sizes, over and over.
    private func request(
        _ body: [UInt8], pieces: [Int], type: String = "multipart/form-data; boundary=--b-1"
    ) -> Request {
        let place = Mutex((offset: 0, piece: 0))
        let stream = RequestBody(next: {
            place.withLock { place in
                guard place.offset < body.count else { return nil }
                let size = min(pieces[place.piece % pieces.count], body.count - place.offset)
                defer {
                    place.offset += size
                    place.piece += 1
                }
                return Array(body[place.offset..<place.offset + size])
            }
        })
        return Request(
            method: .post, target: "/", headers: ["Content-Type": type], body: stream)
    }

    private func body(_ content: [UInt8], name: String = "a.txt") -> [UInt8] {
        let head = [
            "before", "----b-1", "Content-Disposition: form-data; name=\"_csrf\"", "", "token",
            "----b-1", "content-disposition: form-data; name=\"empty\"", "", "",
            "----b-1", "Content-Disposition: form-data; name=\"file\"; filename=\"\(name)\"",
            "Content-Type: text/plain", "", "",
        ].joined(separator: "\r\n")
        return Array(head.utf8) + content + Array("\r\n----b-1--\r\n".utf8)
    }

    @Test func `whatever the pieces, the fields and the file are the same`() async throws {
        let seed = UInt64.random(in: 0...999_999)
        var random = TestRandom(seed: seed)
        for _ in 0..<200 {
            // Made of what a delimiter is made of, so that many beginnings of one come.
            let content = (0..<Int.random(in: 0...300, using: &random)).map { _ in
                "\r\n-b1x".utf8.randomElement(using: &random) ?? 0
            }
            let text = String(decoding: content, as: UTF8.self)
            if text.contains("\r\n----b-1") { continue }
            let pieces = (0..<5).map { _ in Int.random(in: 1...40, using: &random) }
            let sent = try await MultipartForm(request(body(content), pieces: pieces))
            #expect(sent.form["_csrf"] == "token")
            #expect(sent.form["empty"] == "")
            #expect(sent.file?.name == "a.txt")
            #expect(sent.file?.type == "text/plain")
            let file = try await sent.file?.body.collect(limit: 1000)
            #expect(file == content, "seed \(seed), pieces \(pieces)")
        }
    }

    @Test func `a file's name is its last part, and none is no file`() async throws {
        let names = [
            ("C:\\x\\scan 1.pdf", "scan 1.pdf"), ("/etc/passwd", "passwd"),
            ("a%22b.txt", "a\"b.txt"), ("größe.txt", "größe.txt"),
        ]
        for (sent, name) in names {
            let form = try await MultipartForm(request(body([1], name: sent), pieces: [7]))
            #expect(form.file?.name == name)
        }
        for sent in ["", "/", "\\"] {
            let form = try await MultipartForm(request(body([1], name: sent), pieces: [7]))
            #expect(form.file == nil)
        }
    }

    @Test func `what is no such form is refused`() async throws {
        func status(_ body: [UInt8], type: String = "multipart/form-data; boundary=b") async -> Int?
        {
            do {
                let sent = try await MultipartForm(request(body, pieces: [16], type: type))
                _ = try await sent.file?.body.collect(limit: 1 << 20)
                return nil
            } catch {
                return (error as? Problem)?.status
            }
        }
        let field = "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n"
        #expect(await status([], type: "multipart/form-data") == 400)
        #expect(await status([], type: "multipart/form-data; boundary=") == 400)
        #expect(await status([]) == 400)
        #expect(await status(Array("--b".utf8)) == 400)
        #expect(await status(Array("--b\r\nno head".utf8)) == 400)
        #expect(await status(Array((field + "no end").utf8)) == 400)
        let endless = Array(field.utf8) + [UInt8](repeating: 65, count: 70 << 10)
        #expect(await status(endless) == 413)
        let head = "--b\r\n" + String(repeating: "x: y\r\n", count: 4000)
        #expect(await status(Array(head.utf8)) == 400)
        #expect(await status(Array((field + "x\r\n--b--").utf8)) == nil)
    }
}
