import CCairo

extension Canvas {
    /// Sets one line of text; `origin` is where the first letter's base line begins.
    public func text(_ text: String, at origin: Point, _ style: TextStyle) {
        guard origin.x.isFinite, origin.y.isFinite, style.size > 0 else { return }
        select(style)
        cairo_move_to(context, origin.x, origin.y)
        // As a path, so that the outline and the letters agree to a fraction of a pixel.
        cairo_text_path(context, text)
        if let outline = style.outline {
            cairo_save(context)
            let letters = cairo_copy_path(context)
            finish(outline)
            cairo_append_path(context, letters)
            cairo_path_destroy(letters)
            cairo_restore(context)
        }
        // Letters may overlap themselves; the even-odd rule of shapes would open them there.
        cairo_set_fill_rule(context, CAIRO_FILL_RULE_WINDING)
        finish(style.colour)
        cairo_set_fill_rule(context, CAIRO_FILL_RULE_EVEN_ODD)
    }

    /// How much room one line of text takes, without its outline.
    public func extents(of text: String, _ style: TextStyle) -> TextExtents {
        guard style.size > 0 else { return TextExtents(width: 0, ascent: 0, descent: 0) }
        select(style)
        var line = cairo_text_extents_t()
        var font = cairo_font_extents_t()
        cairo_text_extents(context, text, &line)
        cairo_font_extents(context, &font)
        return TextExtents(width: line.x_advance, ascent: font.ascent, descent: font.descent)
    }

    /// Without rounding to whole pixels, so that text takes the same relative room at every size.
    func prepareText() {
        let options = cairo_font_options_create()
        cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF)
        cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE)
        cairo_set_font_options(context, options)
        cairo_font_options_destroy(options)
    }

    private func select(_ style: TextStyle) {
        cairo_select_font_face(
            context, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL, style.isBold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL)
        cairo_set_font_size(context, style.size)
    }
}
