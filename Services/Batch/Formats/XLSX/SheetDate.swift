import ServiceRuntime

/// Days and times as spreadsheets count them.
enum SheetDate {
    /// Milliseconds of a day.
    private static let day = 86_400_000
    /// Days from 1899-12-30, which spreadsheets count from, to 1970.
    private static let epoch = 25_569

    /// `2026-02-28` or `2026-02-28T12:30:00.000Z` of a number; nil where it is none.
    static func text(_ number: Double, _ look: Workbook.Look, isFrom1904: Bool) -> (
        kind: CellKind, text: String
    )? {
        guard number.isFinite, number >= 0, number < 2_958_466 else { return nil }
        let serial = isFrom1904 ? number + 1462 : number
        let all = Int((serial * Double(day)).rounded())
        // The day 60 is a 29th of February that 1900 did not have; before it all is one day off.
        let shift = all / day < 60 && !isFrom1904 ? 1 : 0
        let text = Timestamp(milliseconds: Int64(all + (shift - epoch) * day)).text
        if look == .time, all < day { return (.text, String(text.dropFirst(11).prefix(8))) }
        if look == .date, all % day == 0 { return (.date, String(text.prefix(10))) }
        return (.datetime, text)
    }

    /// The number of a date or of a time in UTC; nil where spreadsheets have none.
    static func number(_ text: String) -> Double? {
        let isDay = text.utf8.count == 10
        guard let time = Timestamp(isDay ? text + "T00:00:00Z" : text) else { return nil }
        let number = Double(time.milliseconds + Int64(epoch * day)) / Double(day)
        // 1900-03-01: before it spreadsheets disagree.
        return number >= 61 ? number : nil
    }
}
