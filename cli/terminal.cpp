// SPDX-License-Identifier: MIT
#include "terminal.h"

#include "text.h"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <unistd.h>

namespace ringside::cli {

namespace {

char const* colour(Tone tone)
{
    switch (tone) {
    case Tone::Plain:
        return "";
    case Tone::Good:
        return "\x1b[32m";
    case Tone::Bad:
        return "\x1b[1;31m";
    case Tone::Warning:
        return "\x1b[33m";
    case Tone::Quiet:
        return "\x1b[2m";
    case Tone::Strong:
        return "\x1b[1m";
    }
    return "";
}

bool wants_colours()
{
    char const* no_color = std::getenv("NO_COLOR");
    return isatty(STDOUT_FILENO) && (!no_color || !*no_color);
}

} // namespace

Terminal::Terminal()
    : m_coloured(wants_colours())
{
}

Terminal Terminal::kept()
{
    Terminal terminal;
    terminal.m_keep = true;
    return terminal;
}

std::string Terminal::toned(std::string_view words, Tone tone) const
{
    std::string text = harmless(words);
    return m_coloured && tone != Tone::Plain ? fmt::format("{}{}\x1b[0m", colour(tone), text) : text;
}

void Terminal::line(std::string_view label, std::string_view words, Tone label_tone)
{
    std::string padded = fmt::format("{:<{}}", label, kLabelColumns);
    put(fmt::format("{}{}\n", toned(padded, label_tone), harmless(words)));
}

void Terminal::plain_line(std::string_view words, Tone tone) { put(toned(words, tone) + "\n"); }

void Terminal::said(std::string_view text)
{
    if (m_keep)
        return;
    std::fflush(stdout);
    std::fwrite(text.data(), 1, text.size(), stderr);
    std::fflush(stderr);
}

void Terminal::put(std::string_view text)
{
    if (m_keep) {
        m_kept += text;
        return;
    }
    std::fwrite(text.data(), 1, text.size(), stdout);
    // Whoever watches sees each line as it happens, and in order with what the driver says.
    std::fflush(stdout);
}

void Terminal::flush_kept()
{
    m_keep = false;
    put(m_kept);
    m_kept.clear();
}

} // namespace ringside::cli
