import TestSupport
import Testing

@testable import Gateway

/// The lines between the classes that are drawn.
@Suite struct DiagramTests {
    private static let (left, width, gap) = (8, 216, 72)

    @Test(arguments: 1...20) func `no line runs behind a box`(_ seed: UInt64) {
        var random = TestRandom(seed: seed)
        let columns = Int.random(in: 1...5, using: &random)
        var boxes: [DiagramLines.Box] = []
        for column in 0..<columns {
            var top = 8
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let bottom = top + Int.random(in: 60...350, using: &random)
                boxes.append(.init(column: column, top: top, bottom: bottom))
                top = bottom + 28
            }
        }
        var lines = DiagramLines(
            boxes: boxes, left: Self.left, width: Self.width, gap: Self.gap)
        for _ in 0..<40 {
            let from = boxes[Int.random(in: 0..<boxes.count, using: &random)]
            let to = boxes[Int.random(in: 0..<boxes.count, using: &random)]
            let start = Int.random(in: from.top...from.bottom, using: &random)
            let way = lines.way(from: (from.column, start), to: (to.column, to.top + 19))
            #expect(way.first?.y == start && way.last?.y == to.top + 19, "seed \(seed)")
            for (a, b) in zip(way, way.dropFirst()) {
                #expect(a.x == b.x || a.y == b.y, "seed \(seed): \(way)")
                let hit = boxes.first { Self.crosses(a, b, $0) }
                #expect(hit == nil, "seed \(seed): \(way) runs behind \(String(describing: hit))")
            }
            #expect(way.allSatisfy { $0.x >= 0 && $0.x <= lines.reach.x && $0.y <= lines.reach.y })
        }
    }

    /// Whether a part of a line is inside a box; its side belongs to both.
    private static func crosses(
        _ a: DiagramLines.Point, _ b: DiagramLines.Point, _ box: DiagramLines.Box
    ) -> Bool {
        let x = left + box.column * (width + gap)
        return max(a.x, b.x) > x && min(a.x, b.x) < x + width
            && max(a.y, b.y) > box.top && min(a.y, b.y) < box.bottom
    }
}
