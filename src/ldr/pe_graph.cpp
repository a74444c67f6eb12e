// SPDX-License-Identifier: MIT
// Depth-first searches with an explicit stack: a hostile set of images must not be able to exhaust the host's own.
#include "ldr/pe_graph.h"

#include <algorithm>
#include <map>

namespace ringside::ldr {

namespace {

enum class Mark : uint8_t { New, OnPath, Done };

std::string lower(std::string_view text)
{
    std::string out(text);
    for (char& c : out) {
        if (c >= 'A' && c <= 'Z')
            c = char(c - 'A' + 'a');
    }
    return out;
}

std::string_view stem(std::string_view name) { return name.substr(0, name.rfind('.')); }

} // namespace

bool same_module(std::string_view a, std::string_view b)
{
    bool whole = a.find('.') != std::string_view::npos && b.find('.') != std::string_view::npos;
    return lower(a) == lower(b) || (!whole && lower(stem(a)) == lower(stem(b)));
}

std::vector<std::string> find_import_cycle(std::span<ImportNode const> nodes)
{
    std::map<std::string, size_t> by_name;
    for (size_t i = 0; i < nodes.size(); ++i)
        by_name.emplace(lower(nodes[i].name), i);

    struct Step {
        size_t node;
        size_t next_import;
    };
    std::vector<Mark> marks(nodes.size(), Mark::New);
    for (size_t start = 0; start < nodes.size(); ++start) {
        if (marks[start] != Mark::New)
            continue;
        std::vector<Step> path { { start, 0 } };
        marks[start] = Mark::OnPath;
        while (!path.empty()) {
            Step& step = path.back();
            if (step.next_import == nodes[step.node].imports.size()) {
                marks[step.node] = Mark::Done;
                path.pop_back();
                continue;
            }
            auto target = by_name.find(lower(nodes[step.node].imports[step.next_import++]));
            if (target == by_name.end() || marks[target->second] == Mark::Done)
                continue;
            size_t node = target->second;
            if (marks[node] == Mark::OnPath) {
                std::vector<std::string> cycle;
                for (auto at = std::ranges::find(path, node, &Step::node); at != path.end(); ++at)
                    cycle.push_back(nodes[at->node].name);
                cycle.push_back(nodes[node].name);
                return cycle;
            }
            marks[node] = Mark::OnPath;
            path.push_back({ node, 0 });
        }
    }
    return {};
}

BadImage import_cycle_refusal(std::span<std::string const> cycle)
{
    if (cycle.size() == 2)
        return refuse("{} imports from itself", cycle[0]);
    std::string words;
    for (size_t i = 0; i + 1 < cycle.size(); ++i)
        words += fmt::format("{}{} imports from {}", i ? ", " : "", cycle[i], cycle[i + 1]);
    return refuse("{}: a circle", words);
}

std::vector<std::string> find_forwarder_cycle(std::span<ExportSource const> sources)
{
    struct Place {
        size_t source;
        Export const* row;
        bool operator==(Place const&) const = default;
    };
    std::vector<std::vector<Mark>> marks;
    for (ExportSource const& source : sources)
        marks.emplace_back(source.exports->rows.size(), Mark::New);
    auto mark_of
        = [&](Place p) -> Mark& { return marks[p.source][size_t(p.row - sources[p.source].exports->rows.data())]; };
    auto follow = [&](Place p) -> std::optional<Place> {
        auto target = split_forwarder(p.row->forwarder);
        if (!target)
            return std::nullopt;
        for (size_t i = 0; i < sources.size(); ++i) {
            if (!same_module(sources[i].name, target->module))
                continue;
            Exports const& exports = *sources[i].exports;
            Export const* row
                = target->function.empty() ? exports.find(target->ordinal) : exports.find(target->function);
            if (row)
                return Place { i, row };
        }
        return std::nullopt;
    };
    auto words = [&](Place p) {
        return fmt::format("{}!{}", sources[p.source].name,
                           p.row->name.empty() ? fmt::format("#{}", p.row->ordinal) : p.row->name);
    };

    for (size_t i = 0; i < sources.size(); ++i) {
        for (Export const& first : sources[i].exports->rows) {
            std::vector<Place> path;
            std::optional<Place> at = Place { i, &first };
            while (at && !at->row->forwarder.empty() && mark_of(*at) == Mark::New) {
                mark_of(*at) = Mark::OnPath;
                path.push_back(*at);
                at = follow(*at);
            }
            if (at && mark_of(*at) == Mark::OnPath) {
                std::vector<std::string> cycle;
                for (auto step = std::ranges::find(path, *at); step != path.end(); ++step)
                    cycle.push_back(words(*step));
                cycle.push_back(words(*at));
                return cycle;
            }
            for (Place step : path)
                mark_of(step) = Mark::Done;
        }
    }
    return {};
}

} // namespace ringside::ldr
