import TestSupport
import Testing
import XML

@Suite struct XMLTests {
    /// All events of a document that comes in pieces of so many bytes; nil after an error.
    private func events(
        _ bytes: [UInt8], pieces: Int, limits: XMLLimits = XMLLimits()
    ) throws -> [XMLEvent] {
        var reader = XMLReader(limits: limits)
        var events: [XMLEvent] = []
        func take() throws {
            while let event = try reader.next() {
                // Pieces of one text are one text.
                if case .text(let more) = event, case .text(let text)? = events.last {
                    events[events.count - 1] = .text(text + more)
                } else {
                    events.append(event)
                }
            }
        }
        var rest = bytes[...]
        while !rest.isEmpty {
            reader.feed(rest.prefix(pieces))
            rest = rest.dropFirst(pieces)
            try take()
        }
        reader.end()
        try take()
        return events
    }

    private func events(_ text: String, pieces: Int = .max) throws -> [XMLEvent] {
        try events(Array(text.utf8), pieces: pieces)
    }

    private static let document = """
        \u{FEFF}<?xml version="1.0" encoding="UTF-8"?><!-- a > b --><m:list xmlns:m='urn:m' xmlns="urn:d" \
        a="1 &lt; 2&#10;" m:b='"'><?do it?>\r\n<item/>ä&amp;&#x1F600;&#66;<![CDATA[<&]]]]><![CDATA[>]]>\
        <m:x xmlns:m="urn:other"><m:y xmlns=""><z q="1"></z></m:y></m:x ></m:list>\n<!-- end -->
        """

    @Test(arguments: [1, 2, 3, 7, 1000])
    func `elements, namespaces, texts and references, however they are cut`(pieces: Int) throws {
        let (m, d) = ("urn:m", "urn:d")
        #expect(
            try events(XMLTests.document, pieces: pieces) == [
                .start(
                    XMLName("list", namespace: m),
                    [
                        XMLAttribute(name: XMLName("a"), value: "1 < 2\n"),
                        XMLAttribute(name: XMLName("b", namespace: m), value: "\""),
                    ]),
                .text("\n"), .start(XMLName("item", namespace: d), []),
                .end(XMLName("item", namespace: d)), .text("ä&😀B<&]]>"),
                .start(XMLName("x", namespace: "urn:other"), []),
                .start(XMLName("y", namespace: "urn:other"), []),
                .start(XMLName("z"), [XMLAttribute(name: XMLName("q"), value: "1")]),
                .end(XMLName("z")), .end(XMLName("y", namespace: "urn:other")),
                .end(XMLName("x", namespace: "urn:other")), .end(XMLName("list", namespace: m)),
            ])
    }

    @Test(arguments: [
        "", "  ", "text", "<a>", "<a></b>", "</a>", "<a/><b/>", "<a/>text", "<a b></a>", "<a b=1/>",
        "<a b='1'c='2'/>", "<a b='1' b='2'/>", "<a b='<'/>", "<a>&what;</a>", "<a>&#0;</a>",
        "<a>&#xD800;</a>", "<a>& b</a>", "<a>]]></a>", "<a>\u{1}</a>", "<p:a/>", "<a p:b='1'/>",
        "<1a/>", "<a", "<a><!-- ", "<a><![CDATA[ </a>", "<a><?x </a>", "<!DOCTYPE a><a/>",
        "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>", "<a><!ELEMENT b></a>", "< a/>", "<a:b:c/>",
        "<?xml version='1.0' encoding='utf-16'?><a/>", "<a>&amp</a>", "<![CDATA[x]]>",
        "<a xmlns:p='u' xmlns:q='u' p:b='1' q:b='2'/>",
        "<", "<?", "<?xml", "<?xml ", "<?xml?", "<!", "<!-", "<![CDATA", "</",
    ])
    func `what is no XML or not taken is an error`(text: String) {
        for pieces in [1, 3, 1000] {
            #expect(throws: XMLError.self) { try events(text, pieces: pieces) }
        }
    }

    @Test func `bytes that are no UTF-8 are an error`() {
        for bytes: [UInt8] in [[0xFF, 0xFE, 60, 0], [60, 97, 62, 0xC3, 60, 47, 97, 62], [0, 60]] {
            #expect(throws: XMLError.self) { try events(bytes, pieces: 1000) }
        }
    }

    @Test func `depth, tags, names and attributes have limits`() {
        var limits = XMLLimits()
        (limits.depth, limits.attributes, limits.nameBytes, limits.tagBytes) = (10, 3, 20, 100)
        for text in [
            String(repeating: "<a>", count: 11), "<a b='1' c='2' d='3' e='4'/>",
            "<\(String(repeating: "n", count: 21))/>",
            "<a b='\(String(repeating: "n", count: 200))'/>",
            "<a \(String(repeating: "n", count: 200))",
        ] {
            #expect(throws: XMLError.self) {
                try events(Array(text.utf8), pieces: 50, limits: limits)
            }
        }
    }

    @Test func `a long text comes in pieces and in time`() throws {
        var reader = XMLReader()
        reader.feed("<a>".utf8)
        var (bytes, pieces) = (0, 0)
        let piece = Array(String(repeating: "äöü &lt; ]] \r\n", count: 3000).utf8)
        var isOpen = false
        for _ in 0..<100 {
            reader.feed(piece)
            while let event = try reader.next() {
                switch event {
                case .text(let text): (bytes, pieces) = (bytes + text.utf8.count, pieces + 1)
                default: isOpen = true
                }
            }
        }
        #expect(isOpen && pieces > 20)
        reader.feed("</a>".utf8)
        reader.end()
        while let event = try reader.next() {
            if case .text(let text) = event { bytes += text.utf8.count }
        }
        #expect(bytes == "äöü < ]] \n".utf8.count * 300_000)
    }

    @Test func `a document as a tree`() throws {
        let root = try XMLElement(parsing: Array("<a><b c='1'>x<d/>y</b><b>z</b></a>".utf8))
        #expect(root.child("b")?[attribute: "c"] == "1")
        #expect(root.child("b")?.text == "xy")
        #expect(root.children.map(\.text) == ["xy", "z"])
        #expect(root.first("d")?.name == XMLName("d"))
        #expect(root.first("e") == nil)
        let text = "a & <b> \"c\"\r\u{1}"
        let again = try XMLElement(parsing: Array("<a b=\"\(XMLText.escaped(text))\"/>".utf8))
        #expect(again[attribute: "b"] == "a & <b> \"c\"\r")
    }

    @Test func `whatever comes, the reader ends and is the same for any cut`() {
        let seed = TestRandom.seed()
        print("XML seed \(seed)")
        var random = TestRandom(seed: seed)
        let tokens = [
            "<a>", "</a>", "<b c='d'/>", "<p:a xmlns:p='u'>", "</p:a>", "<!--", "-->", "<![CDATA[",
            "]]>", "<?x", "?>", "&lt;", "&", ";", "text", "ä", "😀", "\r", "\n", " ", "<", ">", "'",
            "\"", "=", "/", "<?xml version='1.0'?>", "\u{0}", "]",
        ]
        for _ in 0..<3000 {
            var text = "<r>"
            for _ in 0..<Int.random(in: 0...20, using: &random) {
                text += tokens[Int.random(in: 0..<tokens.count, using: &random)]
            }
            if Bool.random(using: &random) { text += "</r>" }
            let whole = try? events(text)
            for pieces in [1, 2, 5] {
                #expect((try? events(text, pieces: pieces)) == whole, "seed \(seed): \(text)")
            }
        }
    }
}
