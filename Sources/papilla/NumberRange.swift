internal import ArgumentParser

/// Refuses an option's number outside its range, NaN included, in words that name the option, what was given and what was expected.
func within<Number: Comparable>(_ option: String, _ value: Number?, _ range: ClosedRange<Number>) throws {
    guard let value, !range.contains(value) else { return }
    throw ValidationError("\(option) \(value): expected \(range.lowerBound) to \(range.upperBound)")
}

/// The same for a number that must also be a multiple of another.
func within(_ option: String, _ value: Int, _ range: ClosedRange<Int>, multipleOf unit: Int) throws {
    guard !range.contains(value) || !value.isMultiple(of: unit) else { return }
    throw ValidationError("\(option) \(value): expected \(range.lowerBound) to \(range.upperBound), a multiple of \(unit)")
}
