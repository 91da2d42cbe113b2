extension Contour {
    /// A closed polygon of at most `count` points (3 at least) that keeps the shape: the points that matter least are left out
    /// one by one.
    ///
    /// What a point matters is the area of the triangle with its two neighbours (Visvalingam & Whyatt, "Line generalisation by
    /// repeated elimination of points", The Cartographic Journal 30, 1993); of equal ones every second goes first, so that the
    /// steps of a pixel outline are cut evenly, neither all outside nor all inside.
    public static func simplify(_ polygon: [Point], to count: Int) -> [Point] {
        let limit = max(3, count)
        guard polygon.count > limit else { return polygon }
        var remaining = polygon.count
        var before = (0..<polygon.count).map { ($0 + polygon.count - 1) % polygon.count }
        var after = (0..<polygon.count).map { ($0 + 1) % polygon.count }
        var queue = PointQueue(
            importances: polygon.indices.map { triangle(polygon[before[$0]], polygon[$0], polygon[after[$0]]) })
        while remaining > limit, let (index, importance) = queue.popLeast() {
            remaining -= 1
            let (previous, next) = (before[index], after[index])
            after[previous] = next
            before[next] = previous
            for neighbour in [previous, next] {
                // Never less than what was removed already: otherwise a corner cut twice would unravel the shape from there.
                let area = triangle(polygon[before[neighbour]], polygon[neighbour], polygon[after[neighbour]])
                queue.update(neighbour, importance: max(importance, area))
            }
        }
        return queue.remaining.map { polygon[$0] }
    }

    private static func triangle(_ a: Point, _ b: Point, _ c: Point) -> Double {
        abs((b.x - a.x) * (c.y - a.y) - (c.x - a.x) * (b.y - a.y)) / 2
    }
}

/// A binary heap of point numbers by importance, whose entries can be changed in place.
private struct PointQueue {
    private var importances: [Double]
    private var heap: [Int]
    private var places: [Int]

    init(importances: [Double]) {
        self.importances = importances
        heap = Array(importances.indices)
        places = heap
        for place in stride(from: heap.count / 2, through: 0, by: -1) { sink(place) }
    }

    /// The points that are left, in their own order.
    var remaining: [Int] { heap.sorted() }

    mutating func popLeast() -> (index: Int, importance: Double)? {
        guard let least = heap.first, let last = heap.popLast() else { return nil }
        if last != least {
            heap[0] = last
            places[last] = 0
            sink(0)
        }
        return (least, importances[least])
    }

    mutating func update(_ index: Int, importance: Double) {
        importances[index] = importance
        rise(places[index])
        sink(places[index])
    }

    private func precedes(_ a: Int, _ b: Int) -> Bool {
        // Ties: even numbers first, each in order.
        (importances[a], a & 1, a) < (importances[b], b & 1, b)
    }

    private mutating func exchange(_ a: Int, _ b: Int) {
        heap.swapAt(a, b)
        places[heap[a]] = a
        places[heap[b]] = b
    }

    private mutating func rise(_ place: Int) {
        var place = place
        while place > 0, precedes(heap[place], heap[(place - 1) / 2]) {
            exchange(place, (place - 1) / 2)
            place = (place - 1) / 2
        }
    }

    private mutating func sink(_ place: Int) {
        var place = place
        while true {
            var least = place
            for child in [2 * place + 1, 2 * place + 2] where child < heap.count && precedes(heap[child], heap[least]) {
                least = child
            }
            guard least != place else { return }
            exchange(place, least)
            place = least
        }
    }
}
