/// Which encoding bytes that are no Unicode are most likely in: by what they would be as text.
struct EncodingGuess {
    /// Bytes that are looked at.
    static let sampleBytes = 256 << 10
    /// With fewer bytes beyond ASCII nobody can tell.
    private static let least = 4

    private let sample: ArraySlice<UInt8>
    private var seen = [Int](repeating: 0, count: 256)
    private var high = 0
    private var runs = 0

    /// Nil where it is one of Western Europe, or nobody can tell.
    static func encoding(of sample: [UInt8]) -> TextEncoding? {
        let guess = EncodingGuess(sample)
        guard guess.high >= least else { return nil }
        return guess.eastern ?? (guess.high >= guess.runs * 2 ? guess.script : guess.latin)
    }

    private init(_ bytes: [UInt8]) {
        // No character is cut at the end of a line.
        let end = bytes.lastIndex(of: 10) ?? bytes.endIndex
        sample = bytes[..<end]
        var isHigh = false
        for byte in sample {
            seen[Int(byte)] += 1
            if byte >= 0x80 {
                high += 1
                if !isHigh { runs += 1 }
            }
            isHigh = byte >= 0x80
        }
    }

    // MARK: Chinese, Japanese, Korean

    private var eastern: TextEncoding? {
        let candidates: [TextEncoding] = [.shiftJIS, .eucJP, .eucKR, .big5, .gb18030]
        let rated = candidates.compactMap { encoding in
            rating(encoding).map { (encoding, $0) }
        }
        guard let best = rated.max(by: { $0.1 < $1.1 }), best.1 >= 0.7 else { return nil }
        return best.0
    }

    /// 0 to 1; nil where the bytes are not valid in it.
    private func rating(_ encoding: TextEncoding) -> Double? {
        guard let name = encoding.multibyteName,
            let transcoder = TextTranscoder(from: name, to: "UTF-8")
        else { return nil }
        var faults = 0
        let bytes = transcoder.convert(sample, isLast: true, faults: &faults)
        guard faults == 0, let text = String(validating: bytes, as: UTF8.self) else { return nil }
        var (count, typical, kana, hangul) = (0.0, 0.0, 0.0, 0.0)
        for scalar in text.unicodeScalars where scalar.value >= 0x80 {
            count += 1
            switch scalar.value {
            case 0x3041...0x30ff: kana += 1
            case 0x3000...0x303f, 0xff01...0xff5e, 0x4e00...0x9fa5: typical += 1
            case 0xac00...0xd7a3: hangul += 1
            default: break
            }
        }
        guard count > 0 else { return nil }
        switch encoding {
        case .shiftJIS, .eucJP:
            // Japanese is hardly ever without kana.
            return (typical + kana) / count * (kana / count >= 0.05 ? 1 : 0.6)
        case .eucKR: return hangul / count
        case .big5: return frequent(0xa4...0xc6, trails: 0x40...0xfe, mixed: true)
        default:
            let isMixed = kana / count >= 0.05
            return frequent(0xb0...0xd7, trails: 0xa1...0xfe, mixed: false) * (isMixed ? 0.5 : 1)
        }
    }

    /// The share of characters of two bytes that are among the frequent ones, which stand first.
    private func frequent(
        _ leads: ClosedRange<UInt8>, trails: ClosedRange<UInt8>, mixed: Bool
    ) -> Double {
        var (count, found, late, highTrails) = (0.0, 0.0, 0.0, 0.0)
        var index = sample.startIndex
        while index + 1 < sample.endIndex {
            let (lead, trail) = (sample[index], sample[index + 1])
            index += lead < 0x80 ? 1 : 2
            if lead < 0x80 { continue }
            count += 1
            if leads.contains(lead), trails.contains(trail) { found += 1 }
            if lead > 0xc8 { late += 1 }
            if trail >= 0xa1 { highTrails += 1 }
        }
        guard count >= 4 else { return 0 }
        // A capital with an accent before a letter is no character of two bytes.
        if mixed { return highTrails / count < 0.3 ? 0 : found / count }
        // Where nothing stands behind the Korean syllables, it is Korean.
        return found / count * (late / count < 0.05 ? 0.8 : 1)
    }

    // MARK: One byte a character

    /// Of words that are wholly beyond ASCII.
    private var script: TextEncoding? {
        let cyrillic = Set("оеаинтсрвлкмдпуяыьгзбчй".unicodeScalars)
        let greek = Set("αοιετσνηυρπκμλςάέήίόύώθγδ".unicodeScalars)
        let arabic = Set((0x621...0x64a).compactMap { Unicode.Scalar($0) })
        // Hebrew has none of the letters that Russian cannot be without.
        let isHebrew =
            seen[0xe0...0xfa].reduce(0, +) * 10 >= high * 9
            && seen[0xc0...0xdf].reduce(0, +) + seen[0xfb...0xff].reduce(0, +) == 0
        if isHebrew { return .windows1255 }
        let candidates: [(TextEncoding, Set<Unicode.Scalar>)] = [
            (.windows1251, cyrillic), (.koi8r, cyrillic), (.cyrillic, cyrillic),
            (.windows1253, greek), (.windows1256, arabic),
        ]
        let rated = candidates.map { ($0.0, share(of: $0.1, in: $0.0)) }
        guard let best = rated.max(by: { $0.1 < $1.1 }), best.1 >= 0.65 else { return latin }
        return best.0
    }

    private func share(of letters: Set<Unicode.Scalar>, in encoding: TextEncoding) -> Double {
        var found = 0
        for byte in 0x80...0xff where seen[byte] > 0 {
            guard let scalar = encoding.decode([UInt8(byte)])?.unicodeScalars.first else {
                continue
            }
            if letters.contains(scalar) { found += seen[byte] }
        }
        return Double(found) / Double(high)
    }

    /// Central European, by letters that would be signs within a word, or that no language of the
    /// West has together; nil for Western European.
    private var latin: TextEncoding? {
        let west = signs(in: .windows1252)
        let central = signs(in: .windows1250)
        let iso = signs(in: .latin2)
        let isCzech = seen[0xf8] > 0 && seen[0xec] > 0 && seen[0xe8] > 0
        guard min(central, iso) < west || isCzech && min(central, iso) <= west else { return nil }
        let hasWindows = seen[0x80...0x9f].contains { $0 > 0 }
        if hasWindows { return .windows1250 }
        // ą, ľ and Ľ of Windows are š, ž and ź of ISO; where they stand, so do letters below 0xa0.
        return iso < central || seen[0xb9] + seen[0xbc] + seen[0xbe] > 0 ? .latin2 : .windows1250
    }

    /// Bytes beside a letter of ASCII that are no letters.
    private func signs(in encoding: TextEncoding) -> Int {
        let isLetter = (0...255).map { byte -> Bool in
            let scalar = encoding.decode([UInt8(byte)])?.unicodeScalars.first
            return scalar?.properties.isAlphabetic ?? false
        }
        var count = 0
        for index in sample.indices.dropFirst().dropLast() where sample[index] >= 0x80 {
            guard !isLetter[Int(sample[index])] else { continue }
            let beside = [sample[index - 1], sample[index + 1]]
            if beside.contains(where: { $0 < 0x80 && isLetter[Int($0)] }) { count += 1 }
        }
        return count
    }
}
