/// Bounds of an XLSX file: what passes them is refused and never unpacked further.
public enum XLSXLimit {
    /// Files within the archive, and bytes of their directory.
    public static let entries = 2000
    public static let directoryBytes = 1 << 20
    /// Bytes of one unpacked file, and of those that are kept in memory (workbook, styles).
    public static let entryBytes = 4 << 30 - 1
    public static let partBytes = 8 << 20
    /// How many times its packed bytes a file may be, once it is larger than `ratioFreeBytes`.
    public static let ratio = 200
    public static let ratioFreeBytes = 16 << 20
    /// The table of texts that cells share is kept in memory.
    public static let sharedTextBytes = 64 << 20
    public static let sharedTexts = 2_000_000
    public static let sheets = 1000
    public static let rows = 1_048_576
    public static let cells = 50_000_000
    /// Bytes of one tag or of one text within a cell.
    public static let tokenBytes = 1 << 20
    /// Characters (UTF-16) of a cell; spreadsheets cut what is longer.
    public static let cellCharacters = 32_767
}
