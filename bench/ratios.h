// SPDX-License-Identifier: MIT
// Figures are ratios within one run (docs/testing.md): keeps each benchmark's time per item, and prints lines
// `ratio NAME VALUE` from them. A ratio of benchmarks that were filtered out is not printed.
#pragma once

#include <benchmark/benchmark.h>

#include <cstdio>
#include <map>
#include <string>
#include <vector>

namespace ringside::bench {

class Ratios : public benchmark::ConsoleReporter {
public:
    void ReportRuns(std::vector<Run> const& runs) override
    {
        for (auto const& run : runs)
            if (!run.error_occurred)
                if (auto items = run.counters.find("items_per_second"); items != run.counters.end())
                    m_ns[run.benchmark_name()] = 1e9 / static_cast<double>(items->second);
        ConsoleReporter::ReportRuns(runs);
    }
    void ratio(char const* name, char const* of, char const* to)
    {
        if (m_ns.count(to))
            ratio_to_ns(name, of, m_ns[to]);
    }
    void ratio_to_ns(char const* name, char const* of, double ns)
    {
        if (m_ns.count(of))
            std::printf("ratio %s %.3g\n", name, m_ns[of] / ns);
    }

private:
    std::map<std::string, double> m_ns;
};

} // namespace ringside::bench
