import CCairo
public import Screening

extension Canvas {
    /// Draws the line through points, from the last back to the first if it is closed.
    public func stroke(_ points: [Point], closed: Bool = true, _ stroke: Stroke) {
        guard trace(points, closed: closed) else { return }
        finish(stroke)
    }

    /// Draws an ellipse's outline.
    public func stroke(_ ellipse: Ellipse, _ stroke: Stroke) {
        guard trace(ellipse) else { return }
        finish(stroke)
    }

    /// Draws a rectangle's outline, its corners rounded.
    public func stroke(_ rectangle: Rectangle, cornerRadius: Double = 0, _ stroke: Stroke) {
        guard trace(rectangle, cornerRadius: cornerRadius) else { return }
        finish(stroke)
    }

    /// Fills polygons as one shape. What lies inside an even number of them stays open, such as the holes that `Contour.trace`
    /// gives; all of them count, so draw a structure with all of its contours at once.
    public func fill(_ polygons: [[Point]], _ colour: Colour) {
        for polygon in polygons { _ = trace(polygon, closed: true) }
        finish(colour)
    }

    /// Fills an ellipse.
    public func fill(_ ellipse: Ellipse, _ colour: Colour) {
        guard trace(ellipse) else { return }
        finish(colour)
    }

    /// Fills a rectangle, its corners rounded.
    public func fill(_ rectangle: Rectangle, cornerRadius: Double = 0, _ colour: Colour) {
        guard trace(rectangle, cornerRadius: cornerRadius) else { return }
        finish(colour)
    }

    private func trace(_ points: [Point], closed: Bool) -> Bool {
        guard points.count >= 2, points.allSatisfy({ $0.x.isFinite && $0.y.isFinite }) else { return false }
        cairo_new_sub_path(context)
        for point in points { cairo_line_to(context, point.x, point.y) }
        if closed { cairo_close_path(context) }
        return true
    }

    private func trace(_ ellipse: Ellipse) -> Bool {
        guard ellipse.a > 0, ellipse.b > 0 else { return false }
        guard [ellipse.cx, ellipse.cy, ellipse.a, ellipse.b, ellipse.angle].allSatisfy(\.isFinite) else { return false }
        cairo_save(context)
        cairo_translate(context, ellipse.cx, ellipse.cy)
        // Cairo turns clockwise as seen, since y points down.
        cairo_rotate(context, -ellipse.angle * .pi / 180)
        cairo_scale(context, ellipse.a, ellipse.b)
        cairo_new_sub_path(context)
        cairo_arc(context, 0, 0, 1, 0, 2 * .pi)
        cairo_close_path(context)
        cairo_restore(context)
        return true
    }

    private func trace(_ rectangle: Rectangle, cornerRadius: Double) -> Bool {
        let x = rectangle.x
        let y = rectangle.y
        let width = rectangle.width
        let height = rectangle.height
        guard width > 0, height > 0, [x, y, width, height, cornerRadius].allSatisfy(\.isFinite) else { return false }
        let radius = max(0, min(cornerRadius, width / 2, height / 2))
        guard radius > 0 else {
            cairo_rectangle(context, x, y, width, height)
            return true
        }
        cairo_new_sub_path(context)
        cairo_arc(context, x + width - radius, y + radius, radius, -.pi / 2, 0)
        cairo_arc(context, x + width - radius, y + height - radius, radius, 0, .pi / 2)
        cairo_arc(context, x + radius, y + height - radius, radius, .pi / 2, .pi)
        cairo_arc(context, x + radius, y + radius, radius, .pi, 1.5 * .pi)
        cairo_close_path(context)
        return true
    }

    func setColour(_ colour: Colour) {
        cairo_set_source_rgba(context, colour.red, colour.green, colour.blue, colour.alpha)
    }

    func finish(_ stroke: Stroke) {
        setColour(stroke.colour)
        cairo_set_line_width(context, stroke.width)
        // Round ends would close the gaps between dashes.
        cairo_set_line_cap(context, stroke.dashes.isEmpty ? CAIRO_LINE_CAP_ROUND : CAIRO_LINE_CAP_BUTT)
        cairo_set_dash(context, stroke.dashes, Int32(stroke.dashes.count), 0)
        cairo_stroke(context)
    }

    func finish(_ colour: Colour) {
        setColour(colour)
        cairo_fill(context)
    }
}
