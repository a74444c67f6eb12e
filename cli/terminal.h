// SPDX-License-Identifier: MIT
// Where a report goes, and whether in colours: only on a terminal, and not when NO_COLOR is set (no-color.org).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace ringside::cli {

enum class Tone : uint8_t { Plain, Good, Bad, Warning, Quiet, Strong };

class Terminal {
public:
    // Standard output.
    Terminal();
    // Nothing is shown; the text is kept for later.
    static Terminal kept();

    // A label, padded to a column, and the words behind it. Harmless for the terminal whatever the words hold.
    void line(std::string_view label, std::string_view words, Tone label_tone = Tone::Quiet);
    void plain_line(std::string_view words, Tone tone = Tone::Plain);
    void empty_line() { put("\n"); }
    // What a driver printed, as it comes: on standard error, in the order of everything else.
    void said(std::string_view text);
    std::string toned(std::string_view words, Tone tone) const;

    // Shows what was kept.
    void flush_kept();

private:
    void put(std::string_view text);

    bool m_coloured = false;
    bool m_keep = false;
    std::string m_kept;
};

// Columns of a label and the blanks behind it.
inline constexpr int kLabelColumns = 10;

} // namespace ringside::cli
