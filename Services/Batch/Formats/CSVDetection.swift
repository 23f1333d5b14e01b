/// Finds out how a CSV file is written where its definition leaves that open.
struct CSVDetection {
    /// With everything decided.
    private(set) var options: CSVOptions
    /// Where the text begins, behind a byte order mark and a line `sep=;`.
    private(set) var start = 0
    /// The line there.
    private(set) var line = 1
    /// For UTF-16.
    private(set) var isBigEndian: Bool?

    /// `names` are the columns that are looked for in the header. Throws `FormatError`.
    init(_ options: CSVOptions, _ source: any ByteSource, names: [String]) throws {
        self.options = options
        self.options.detected = []
        try findEncoding(options, source)
        var pieces = TextPieces(
            source, offset: start, isBigEndian: isBigEndian, encoding: self.options.encoding,
            pieceBytes: CSVLimit.separatorSample)
        let sample = try pieces.next()
        let isWhole = source.size <= start + CSVLimit.separatorSample
        let stated = Self.statedSeparator(sample)
        if let stated {
            line = 2
            start += stated.length * (isBigEndian == nil ? 1 : 2)
            if options.detected.contains(.separator) { self.options.separator = stated.separator }
        }
        findSeparator(
            options, Array(sample.dropFirst(stated?.length ?? 0)), isWhole: isWhole,
            isStated: stated != nil, names)
    }

    private mutating func findEncoding(_ wanted: CSVOptions, _ source: any ByteSource) throws {
        let head = try source.read(at: 0, count: 4)
        let detects = wanted.detected.contains(.encoding)
        if head.starts(with: [0xef, 0xbb, 0xbf]) {
            guard detects || wanted.encoding == .utf8 else {
                throw FormatError(CSVError.markedAsUTF8.sentence)
            }
            options.encoding = .utf8
            start = 3
            return
        }
        let isLittle = head.starts(with: [0xff, 0xfe])
        let isBig = head.starts(with: [0xfe, 0xff])
        if head == [0, 0, 0xfe, 0xff] || head == [0xff, 0xfe, 0, 0]
            || (isLittle || isBig) && !detects && wanted.encoding != .utf16
        {
            throw FormatError(CSVError.wideEncoding.sentence)
        }
        if isLittle || isBig {
            options.encoding = .utf16
            isBigEndian = isBig
            start = 2
        } else if detects {
            try guessEncoding(source)
        } else if wanted.encoding == .utf16 {
            isBigEndian = false
        }
    }

    /// Without a mark: UTF-16 by its zeros, UTF-8 where the file is that, else what it would be
    /// text in.
    private mutating func guessEncoding(_ source: any ByteSource) throws {
        let head = try source.read(at: 0, count: 4096)
        let zeros = (0..<2).map { odd in
            head.indices.count { $0 % 2 == odd && head[$0] == 0 }
        }
        if max(zeros[0], zeros[1]) * 5 > head.count {
            options.encoding = .utf16
            isBigEndian = zeros[0] > zeros[1]
            return
        }
        var seen = [Bool](repeating: false, count: 256)
        if try Self.isUTF8(source, &seen) {
            options.encoding = .utf8
            return
        }
        let sample = try source.read(at: 0, count: EncodingGuess.sampleBytes)
        options.encoding = EncodingGuess.encoding(of: sample) ?? Self.codePage(seen)
    }

    /// Western European unless there are bytes that only the Central European one has.
    private static func codePage(_ seen: [Bool]) -> TextEncoding {
        func has(_ encoding: TextEncoding) -> Bool {
            (0x80...0xff).allSatisfy { !seen[$0] || encoding.table?.isAssigned(UInt8($0)) == true }
        }
        return has(.windows1252) || !has(.windows1250) ? .windows1252 : .windows1250
    }

    /// Whether the file is UTF-8 as far as it is looked at; if not, its bytes beyond ASCII.
    private static func isUTF8(_ source: any ByteSource, _ seen: inout [Bool]) throws -> Bool {
        var offset = 0
        var kept: [UInt8] = []
        var isValid = true
        var isPlain = true
        while offset < CSVLimit.encodingSample {
            let piece = try source.read(at: offset, count: TextPieces.pieceBytes)
            offset += piece.count
            if piece.isEmpty { return isValid && kept.isEmpty }
            for byte in piece where byte >= 0x80 {
                seen[Int(byte)] = true
                isPlain = false
            }
            guard isValid, !isPlain else { continue }
            let text = kept + piece
            // A character that is cut waits for the next piece.
            let cut = text.suffix(3).lastIndex { $0 >= 0xc0 } ?? text.endIndex
            isValid = TextEncoding.isUTF8(text[..<cut])
            kept = Array(text[cut...])
            if isValid, kept.count < 4, TextEncoding.isUTF8(kept[...]) { kept = [] }
        }
        return isValid
    }

    /// `sep=;`, which spreadsheets understand, in the first line.
    private static func statedSeparator(_ sample: [UInt8]) -> (separator: UInt8, length: Int)? {
        guard sample.starts(with: Array("sep=".utf8)), sample.count > 5, sample[4] < 0x80 else {
            return nil
        }
        if sample[5] == 10 { return (sample[4], 6) }
        guard sample[5] == 13 else { return nil }
        return (sample[4], sample.count > 6 && sample[6] == 10 ? 7 : 6)
    }

    private mutating func findSeparator(
        _ wanted: CSVOptions, _ sample: [UInt8], isWhole: Bool, isStated: Bool, _ names: [String]
    ) {
        var separators = [options.separator]
        if wanted.detected.contains(.separator), !isStated { separators = Array(",;\t|".utf8) }
        var quotes = [options.quote]
        if wanted.detected.contains(.quote) { quotes = Array("\"'".utf8) }
        guard separators.count * quotes.count > 1 else { return }
        var best: Rating?
        for quote in quotes {
            for separator in separators where separator != quote {
                options.separator = separator
                options.quote = quote
                let rating = Rating(options, sample, isWhole: isWhole, names)
                if best.map({ $0 < rating }) ?? true { best = rating }
            }
        }
        if let best {
            options.separator = best.separator
            options.quote = best.quote
        }
    }
}

/// How well a separator and a quote fit the beginning of a file.
private struct Rating: Comparable {
    let separator: UInt8
    let quote: UInt8
    /// Names that the header has.
    var found = 0
    /// Hundredths of the rows that are as wide as the first.
    var alike = 0
    /// Fields in quotes, of rows without a fault.
    var quoted = 0
    var width = 0

    init(_ options: CSVOptions, _ sample: [UInt8], isWhole: Bool, _ names: [String]) {
        separator = options.separator
        quote = options.quote
        var scanner = CSVScanner(separator: separator, quote: quote)
        var rows = 0
        var same = 0
        sample.withUnsafeBufferPointer { text in
            var at = 0
            while rows < 50, at < text.count, scanner.scan(text, from: at, isLast: isWhole) {
                guard !scanner.hasTooManyFields else { return }
                if rows == 0 {
                    width = scanner.fields.count
                    if options.header { found = Self.count(names, scanner, text, options) }
                }
                let isBlank = scanner.end == at
                at = scanner.next
                if isBlank, width > 1 { continue }
                rows += 1
                if scanner.fields.count == width, scanner.fault == nil { same += 1 }
                quoted += scanner.fault == nil ? scanner.fields.count { $0.isQuoted } : 0
            }
        }
        alike = width > 1 && rows > 0 ? same * 100 / rows : 0
    }

    private static func count(
        _ names: [String], _ scanner: CSVScanner, _ text: UnsafeBufferPointer<UInt8>,
        _ options: CSVOptions
    ) -> Int {
        let header = CSVRowReader.names(scanner, text, options)
        return names.count { header.contains($0) }
    }

    static func < (a: Rating, b: Rating) -> Bool {
        (a.found, a.alike, a.quoted, a.width) < (b.found, b.alike, b.quoted, b.width)
    }
}
