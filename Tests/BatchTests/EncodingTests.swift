import TestSupport
import Testing

@testable import Batch

/// Encodings beyond Unicode: found out, converted in pieces, and written.
@Suite struct EncodingTests {
    private static let japanese = "名前,住所\n山田太郎,東京都千代田区\nソニー株式会社,表参道のカフェ\n"
    private static let russian =
        "Имя,Город\nИван Петров,Москва\nОльга Кузнецова,Санкт-Петербург заказ отправлен\n"
    private static let czech = "Jméno,Město\nJiří Šťastný,Plzeň\nŽofie Dvořáková,Děčín – u řeky\n"
    private static let polish = "Imię,Miasto\nŁukasz Wójcik,Łódź\nGrażyna Żółć,Gdańsk\n"

    static let samples: [(TextEncoding, String)] = [
        (.shiftJIS, japanese), (.eucJP, japanese),
        (
            .gb18030, "姓名,城市,备注\n王小明,北京市朝阳区,我们的客户很满意\n李华,上海,请尽快发货\n"
        ),
        (.big5, "姓名,城市\n王小明,臺北市大安區\n陳美玲,高雄請盡快出貨給我們的客戶\n"),
        (.eucKR, "이름,도시\n김철수,서울특별시\n박영희,부산광역시에서 주문했습니다\n"),
        (.windows1251, russian), (.koi8r, russian), (.cyrillic, russian),
        (.windows1253, "Όνομα,Πόλη\nΓιώργος,Αθήνα\nΜαρία,Θεσσαλονίκη παραγγελία\n"),
        (.windows1255, "שם,עיר\nדוד כהן,תל אביב\nרות לוי,ירושלים\n"),
        (.windows1256, "الاسم,المدينة\nمحمد علي,القاهرة\nفاطمة حسن,بغداد\n"),
        (.windows1250, czech), (.windows1250, polish), (.latin2, czech.replacing("–", with: "-")),
        (.latin2, polish),
        (.windows1252, "Größe,Maße\nFrançois,Orléans\nÅse Bjørn,Tromsø\nJosé Núñez,Málaga\n"),
        (.windows1252, "Prix,Été\n“Hôtel”,à bientôt…\n"),
    ]

    @Test(arguments: samples.indices)
    func `an encoding is found out by what its bytes would be as text`(_ index: Int) throws {
        let (encoding, text) = Self.samples[index]
        var bytes: [UInt8] = []
        try #require(encoding.encode(text, into: &bytes))
        var options = CSVOptions()
        options.detected = [.encoding]
        var reader = try CSVRowReader(options, MemoryBytes(bytes))
        #expect(reader.options.encoding == encoding)
        let lines = text.split(separator: "\n").map { $0.split(separator: ",").map(String.init) }
        #expect(reader.columns == lines[0])
        var row = FileRow()
        for line in lines.dropFirst() {
            #expect(try reader.next(&row))
            #expect(row.fault == nil)
            #expect((0..<row.count).map { row.text($0) } == line)
        }
        #expect(try !reader.next(&row))
    }

    private static let wide: [TextEncoding] = [.shiftJIS, .eucJP, .eucKR, .gb18030, .big5]

    @Test(arguments: wide)
    func `a character that pieces cut is one, and reading goes on behind any row`(
        _ encoding: TextEncoding
    ) throws {
        var bytes: [UInt8] = []
        try #require(encoding.encode("表,b\n表、,1\n\"、\n表\",2\nx,3\n", into: &bytes))
        var options = CSVOptions()
        options.encoding = encoding
        for piece in 1...bytes.count {
            var reader = try CSVRowReader(options, MemoryBytes(bytes), pieceBytes: piece)
            var row = FileRow()
            var places: [FilePlace] = []
            var found: [String] = []
            while try reader.next(&row) {
                found.append(row.text(0) ?? "")
                places.append(reader.place)
            }
            #expect(found == ["表、", "、\n表", "x"])
            for (index, place) in places.enumerated() where piece == 3 {
                var rest = try CSVRowReader(options, MemoryBytes(bytes), from: place)
                var left: [String] = []
                while try rest.next(&row) { left.append(row.text(0) ?? "") }
                #expect(left == Array(found.dropFirst(index + 1)))
            }
        }
    }

    @Test func `a byte that means nothing costs its row, and the others stay`() throws {
        var bytes: [UInt8] = []
        try #require(TextEncoding.shiftJIS.encode("名前,b\n表,1\n", into: &bytes))
        bytes += [0x95, 0x0a]
        try #require(TextEncoding.shiftJIS.encode("ソ,3\n", into: &bytes))
        var options = CSVOptions()
        options.encoding = .shiftJIS
        var reader = try CSVRowReader(options, MemoryBytes(bytes))
        var row = FileRow()
        var faults: [String?] = []
        while try reader.next(&row) { faults.append(row.fault) }
        #expect(faults.count == 3 && faults[0] == nil && faults[2] == nil)
        #expect(faults[1] == "The row has 1 fields instead of 2.")
        // Rejected rows come back in the encoding that the definition names.
        var rejects = try FileOptions(options).rejectWriter(
            columns: ["名前", "b"], header: Array("名前,b".utf8))
        try rejects.begin()
        try rejects.row(raw: Array("表,x".utf8), line: 2, reason: "Not 数.")
        try rejects.finish()
        let text = TextEncoding.shiftJIS.decode(try rejects.take())
        #expect(text == "名前,b,_line,_error\r\n表,x,2,Not 数.\r\n")
    }

    @Test func `what an encoding lacks is said, and a file cannot look like another`() throws {
        var options = CSVOptions()
        options.encoding = .shiftJIS
        var writer = try FileOptions(options).writer(columns: ["a"])
        try writer.begin()
        var row = FileRow()
        row.append(.text, "한")
        #expect(throws: FormatError.self) { try writer.row(row) }
        // In GB18030 these are the bytes of a mark of UTF-8.
        options.encoding = .gb18030
        var other = try FileOptions(options).writer(columns: ["锘縳"])
        try other.begin()
        let bytes = try other.take()
        #expect(!bytes.starts(with: [0xef, 0xbb]))
        #expect(try CSVRowReader(options, MemoryBytes(bytes)).columns == ["锘縳"])
    }
}
