import Contracts
import JSON

/// The cells of all rows of a call, one after the other.
struct RowCells: Sendable {
    private(set) var count = 0
    private let width: Int
    private var cells: [JSONValue] = []

    init(_ rows: JSONBytes, width: Int) throws {
        self.width = width
        var reader = JSONReader(rows.bytes)
        do throws(JSONError) {
            try reader.beginArray()
            while try reader.nextElement() {
                try reader.beginArray()
                let start = cells.count
                while try reader.nextElement() { cells.append(try reader.readValue()) }
                guard cells.count - start == width else {
                    throw reader.unexpected("a row must have \(width) values")
                }
                count += 1
            }
            try reader.finish()
        } catch {
            throw RecordsError.malformed(error)
        }
        guard count <= WriteRows.rowLimit else {
            throw RecordsError.tooLarge(
                limit: WriteRows.rowLimit, "A call may have \(WriteRows.rowLimit) rows.")
        }
    }

    subscript(row: Int) -> ArraySlice<JSONValue> { cells[row * width..<(row + 1) * width] }

    /// Rows that name one record twice have turns: where rules run before its save, the later one
    /// is about the record as the earlier one leaves it.
    func turns(by fields: [Int]) -> [Range<Int>] {
        var turns: [Range<Int>] = []
        var start = 0
        var seen: Set<[JSONValue]> = []
        for row in 0..<count {
            let key = fields.map { self[row][row * width + $0] }
            if !seen.insert(key).inserted {
                turns.append(start..<row)
                start = row
                seen = [key]
            }
        }
        return turns + [start..<count]
    }

    /// Those rows as they would come by themselves.
    func part(_ rows: Range<Int>) -> JSONBytes {
        JSONBytes(JSONValue.array(rows.map { .array(Array(self[$0])) }).bytes)
    }
}
