import Testing

@testable import Mail

@Suite struct IMAPReaderTests {
    private func read(_ text: String) throws -> [IMAPResponse] {
        var reader = IMAPReader()
        return try reader.feed(Array(text.utf8))
    }

    @Test func `status, tagged and untagged responses`() throws {
        let responses = try read(
            "* OK [UIDVALIDITY 3] UIDs valid\r\n* 12 EXISTS\r\n* SEARCH 1 2 30\r\n"
                + "* LIST (\\HasNoChildren) \"/\" INBOX\r\n+ idling\r\nM1 NO [ALERT] go away\r\n"
                + "* CAPABILITY IMAP4rev1 MOVE\r\n")
        #expect(
            responses == [
                .status(.ok, code: [.atom("UIDVALIDITY"), .atom("3")], text: "UIDs valid"),
                .untagged(number: 12, name: "EXISTS", []),
                .untagged(number: nil, name: "SEARCH", [.atom("1"), .atom("2"), .atom("30")]),
                .untagged(
                    number: nil, name: "LIST",
                    [.list([.atom("\\HasNoChildren")]), .string([47]), .atom("INBOX")]),
                .continuation("idling"),
                .tagged("M1", .no, code: [.atom("ALERT")], text: "go away"),
                .untagged(number: nil, name: "CAPABILITY", [.atom("IMAP4rev1"), .atom("MOVE")]),
            ])
    }

    @Test func `protocol text in a body stays the body's`() throws {
        let body = "M1 OK done\r\n* 2 FETCH (UID 9)\r\n)\r\n* BYE\r\n{5}\r\nx"
        let text =
            "* 1 FETCH (UID 7 BODY[] {\(body.utf8.count)}\r\n\(body) FLAGS (\\Seen))\r\n"
            + "M1 OK Fetch completed\r\n"
        let responses = try read(text)
        #expect(
            responses == [
                .untagged(
                    number: 1, name: "FETCH",
                    [
                        .list([
                            .atom("UID"), .atom("7"), .atom("BODY[]"), .string(Array(body.utf8)),
                            .atom("FLAGS"), .list([.atom("\\Seen")]),
                        ])
                    ]), .tagged("M1", .ok, code: [], text: "Fetch completed"),
            ])
        // The same, however the bytes are cut.
        var reader = IMAPReader()
        var byByte: [IMAPResponse] = []
        for byte in text.utf8 { byByte += try reader.feed([byte]) }
        #expect(byByte == responses)
    }

    @Test func `several literals, quoted strings and NIL in one response`() throws {
        let responses = try read(
            "* 3 FETCH (A {2}\r\n{1 B {0}\r\n C \"q\\\"{3}\" D NIL BODY[HEADER.FIELDS (X Y)] \"\")\r\n"
        )
        #expect(
            responses == [
                .untagged(
                    number: 3, name: "FETCH",
                    [
                        .list([
                            .atom("A"), .string(Array("{1".utf8)), .atom("B"), .string([]),
                            .atom("C"), .string(Array("q\"{3}".utf8)), .atom("D"), .null,
                            .atom("BODY[HEADER.FIELDS (X Y)]"), .string([]),
                        ])
                    ])
            ])
    }

    @Test func `braces at the end of free text are text`() throws {
        #expect(
            try read("* OK see {12}\r\nM2 BAD {3}\r\n+ {4}\r\n") == [
                .status(.ok, code: [], text: "see {12}"),
                .tagged("M2", .bad, code: [], text: "{3}"), .continuation("{4}"),
            ])
    }

    @Test(arguments: [
        "* 1 FETCH (UID 1\r\n", "* 1 FETCH UID 1)\r\n", "* X \"open\r\n", "\r\n", "\n", "M1\r\n",
        "M1 WHAT x\r\n", "* \r\n", "*\r\n", "M1 OK x\n", "* 1 FETCH (BODY[] {99999999999}\r\n",
    ])
    func `what is no IMAP is an error`(text: String) {
        #expect(throws: IMAPProtocolError.self) { try read(text) }
    }

    @Test func `literals, lines and lists have limits`() {
        var limits = IMAPReader.Limits()
        limits.literals = 100
        limits.line = 1_000
        var reader = IMAPReader(limits: limits)
        #expect(throws: IMAPProtocolError.self) {
            try reader.feed(Array("* 1 FETCH (BODY[] {101}\r\n".utf8))
        }
        reader = IMAPReader(limits: limits)
        #expect(throws: IMAPProtocolError.self) {
            try reader.feed(Array(("* SEARCH" + String(repeating: " 1", count: 600)).utf8))
        }
        #expect(throws: IMAPProtocolError.self) {
            try read("* X " + String(repeating: "(", count: 100_000) + "\r\n")
        }
    }

    @Test func `folders outside ASCII are named in modified UTF-7`() {
        #expect(IMAPNames.encoded("Entwürfe & mehr") == "Entw&APw-rfe &- mehr")
        #expect(IMAPNames.encoded("日本語") == "&ZeVnLIqe-")
        #expect(IMAPNames.encoded("😀") == "&2D3eAA-")
        #expect(IMAPNames.quoted("a\"b\\c") == "\"a\\\"b\\\\c\"")
        #expect(IMAPNames.set([3, 1, 2, 9, 7, 8, 20]) == "1:3,7:9,20")
    }

    @Test func `whatever comes, the reader ends and is the same for any cut`() {
        let seed = UInt64.random(in: .min ... .max)
        print("IMAP fuzz seed \(seed)")
        var random = Dice(seed: seed)
        let pieces = [
            "* ", "1 ", "FETCH ", "(", ")", "{3}\r\n", "{0}\r\n", "abc", "\"", "\\", "\r\n", "\n",
            "OK ", "[", "]", "M1 ", "+ ", "NIL ", "UID ", "BODY[] ", " ", "{", "}", "\0", "SEARCH",
        ]
        for _ in 0..<5_000 {
            var bytes: [UInt8] = []
            for _ in 0..<random.below(40) { bytes += pieces[random.below(pieces.count)].utf8 }
            let whole = outcome([bytes])
            let cut = random.below(bytes.count + 1)
            let halves = outcome([Array(bytes[..<cut]), Array(bytes[cut...])])
            #expect(whole == halves, "seed \(seed)")
        }
    }

    /// All responses, and whether it failed: what came before a failure within one piece is not
    /// given.
    private func outcome(_ pieces: [[UInt8]]) -> [IMAPResponse]? {
        var reader = IMAPReader()
        var responses: [IMAPResponse] = []
        do {
            for piece in pieces { responses += try reader.feed(piece) }
            return responses
        } catch {
            return nil
        }
    }
}
