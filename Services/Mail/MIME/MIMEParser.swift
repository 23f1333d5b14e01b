/// Splits a message into its parts: one pass over the lines, with a stack of open multiparts
/// instead of recursion, so that its time is linear in the bytes whatever they are.
struct MIMEParser {
    private let bytes: [UInt8]
    private let limits: MIMELimits
    private(set) var parts: [MIMEPart] = []
    private(set) var over: OverLimits = []
    private(set) var text: HeaderText
    /// A multipart's boundary never came, or a header had no colon: the message is damaged.
    private(set) var isDamaged = false

    private struct Open {
        var part: Int
        var boundary: [UInt8]
        var hasBegun = false
    }

    private var stack: [Open] = []
    /// The leaf whose body is being read.
    private var leaf: Int?
    private var headerBytes = 0
    private var headerLines = 0

    /// Parses at once; `parts` is never empty afterwards.
    init(_ bytes: [UInt8], limits: MIMELimits = MIMELimits()) {
        self.bytes = bytes
        self.limits = limits
        text = HeaderText(limits: limits)
        parse()
    }

    private mutating func parse() {
        var position = beginPart(parent: nil, at: skipEnvelopeLine())
        while position < bytes.count {
            let end = lineEnd(from: position)
            if !stack.isEmpty, isDashes(position, end), let match = delimiter(position, end) {
                closeLeaf(at: beforeLineEnd(position))
                close(down: match.level, at: beforeLineEnd(position))
                if match.isClosing {
                    parts[stack[match.level].part].body =
                        parts[stack[match.level].part].body.lowerBound..<position
                    stack.removeLast()
                    position = end
                } else if isDelimited(at: end, level: match.level) {
                    // Delimiters in a row are one.
                    position = end
                } else if parts.count >= limits.parts {
                    over.insert(.parts)
                    break
                } else {
                    stack[match.level].hasBegun = true
                    position = beginPart(parent: stack[match.level].part, at: end)
                }
            } else {
                position = end
            }
        }
        closeLeaf(at: bytes.count)
        close(down: -1, at: bytes.count)
    }

    /// The line of a mailbox file before the header.
    private func skipEnvelopeLine() -> Int {
        bytes.starts(with: Array("From ".utf8)) ? lineEnd(from: 0) : 0
    }

    /// Reads the header of a new part and opens it; answers where its body begins.
    private mutating func beginPart(parent: Int?, at start: Int) -> Int {
        var part = MIMEPart(parent: parent)
        let bodyStart = readHeader(&part, from: start)
        let index = parts.count
        if let value = part.header.first("content-type") {
            part.contentType = ParameterField(value, limits: limits, text: &text, over: &over)
        }
        if let value = part.header.first("content-disposition") {
            part.disposition = ParameterField(value, limits: limits, text: &text, over: &over)
        }
        part.mediaType = mediaType(of: part, parent: parent)
        part.body = bodyStart..<bodyStart
        if part.mediaType.hasPrefix("multipart/") {
            let boundary = Array((part.contentType?["boundary"] ?? "").utf8)
            if boundary.isEmpty || boundary.count > limits.boundaryBytes {
                isDamaged = true
            } else if stack.count >= limits.depth {
                over.insert(.depth)
            } else {
                part.isMultipart = true
                stack.append(Open(part: index, boundary: boundary))
            }
        }
        if !part.isMultipart { leaf = index }
        parts.append(part)
        if let parent { parts[parent].children.append(index) }
        return bodyStart
    }

    private func mediaType(of part: MIMEPart, parent: Int?) -> String {
        if let type = part.contentType?.value {
            let halves = type.split(separator: "/", omittingEmptySubsequences: false)
            if halves.count == 2, !halves[0].isEmpty, !halves[1].isEmpty { return type }
            return "text/plain"
        }
        let isDigest = parent.map { parts[$0].mediaType == "multipart/digest" } ?? false
        return isDigest ? "message/rfc822" : "text/plain"
    }

    /// Ends the leaf that is open, its body up to `end`.
    private mutating func closeLeaf(at end: Int) {
        guard let index = leaf else { return }
        let start = parts[index].body.lowerBound
        parts[index].body = start..<max(start, end)
        leaf = nil
    }

    /// Ends every multipart above `level`, whose closing line never came.
    private mutating func close(down level: Int, at end: Int) {
        while stack.count - 1 > level {
            let open = stack.removeLast()
            let start = parts[open.part].body.lowerBound
            parts[open.part].body = start..<max(start, end)
            if !open.hasBegun {
                parts[open.part].isMultipart = false
                isDamaged = true
            }
        }
    }

    /// Whether the line at `start` begins another part of the same multipart.
    private func isDelimited(at start: Int, level: Int) -> Bool {
        guard start < bytes.count else { return false }
        let end = lineEnd(from: start)
        guard isDashes(start, end), let match = delimiter(start, end) else { return false }
        return match.level == level && !match.isClosing
    }

    private func isDashes(_ start: Int, _ end: Int) -> Bool {
        end - start > 2 && bytes[start] == ASCII.dash && bytes[start + 1] == ASCII.dash
    }

    /// Which open multipart a line delimits, the innermost first.
    private func delimiter(_ start: Int, _ end: Int) -> (level: Int, isClosing: Bool)? {
        var contentEnd = end
        while contentEnd > start, ASCII.isSpace(bytes[contentEnd - 1]) { contentEnd -= 1 }
        for level in stack.indices.reversed() {
            let boundary = stack[level].boundary
            let rest = contentEnd - start - 2 - boundary.count
            guard rest == 0 || rest == 2 else { continue }
            guard bytes[(start + 2)..<(start + 2 + boundary.count)].elementsEqual(boundary) else {
                continue
            }
            if rest == 0 { return (level, false) }
            if bytes[contentEnd - 1] == ASCII.dash, bytes[contentEnd - 2] == ASCII.dash {
                return (level, true)
            }
        }
        return nil
    }
}

// MARK: - Lines

extension MIMEParser {
    /// The index after the line that begins at `start`.
    private func lineEnd(from start: Int) -> Int {
        bytes.withUnsafeBufferPointer { buffer in
            var index = start
            while index < buffer.count {
                if buffer[index] == ASCII.lf { return index + 1 }
                index += 1
            }
            return index
        }
    }

    /// The line end before a delimiter belongs to the delimiter.
    private func beforeLineEnd(_ start: Int) -> Int {
        guard start > 0, bytes[start - 1] == ASCII.lf else { return start }
        return start > 1 && bytes[start - 2] == ASCII.cr ? start - 2 : start - 1
    }

    /// Reads fields into `part` up to the empty line, a delimiter or a line that is no field.
    private mutating func readHeader(_ part: inout MIMEPart, from start: Int) -> Int {
        var position = start
        while position < bytes.count {
            let end = lineEnd(from: position)
            let content = withoutLineEnd(position, end)
            if content.isEmpty { return end }
            if !stack.isEmpty, isDashes(position, end), delimiter(position, end) != nil {
                return position
            }
            headerBytes += end - position
            headerLines += 1
            if headerBytes > limits.headerBytes || headerLines > limits.headerLines {
                over.insert(.headers)
                return skipHeader(from: position)
            }
            if ASCII.isBlank(bytes[position]) {
                if let last = part.header.fields.indices.last {
                    part.header.fields[last].value += bytes[content]
                } else {
                    isDamaged = true
                }
            } else if let colon = colon(in: content) {
                let name = ASCII.lowercased(ASCII.trimmed(bytes[content.lowerBound..<colon]))
                let value = bytes[(colon + 1)..<content.upperBound].drop(while: ASCII.isBlank)
                part.header.fields.append(HeaderField(name: name, value: Array(value)))
            } else {
                // No field and no empty line: the body has begun.
                isDamaged = true
                return position
            }
            position = end
        }
        return position
    }

    /// Over the limit the fields are not kept, but the body is still where it is.
    private func skipHeader(from start: Int) -> Int {
        var position = start
        while position < bytes.count {
            let end = lineEnd(from: position)
            if withoutLineEnd(position, end).isEmpty { return end }
            position = end
        }
        return position
    }

    private func withoutLineEnd(_ start: Int, _ end: Int) -> Range<Int> {
        var last = end
        if last > start, bytes[last - 1] == ASCII.lf { last -= 1 }
        if last > start, bytes[last - 1] == ASCII.cr { last -= 1 }
        return start..<last
    }

    /// The colon after a field's name: printable ASCII, blanks only before the colon.
    private func colon(in line: Range<Int>) -> Int? {
        var index = line.lowerBound
        while index < line.upperBound, bytes[index] > 32, bytes[index] < 127,
            bytes[index] != ASCII.colon
        {
            index += 1
        }
        let nameEnd = index
        while index < line.upperBound, ASCII.isBlank(bytes[index]) { index += 1 }
        guard nameEnd > line.lowerBound, index < line.upperBound, bytes[index] == ASCII.colon else {
            return nil
        }
        return index
    }
}
