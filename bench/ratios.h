// SPDX-License-Identifier: MIT
// Figures are ratios within one run (docs/testing.md): keeps each benchmark's best time per item, and prints lines
// `ratio NAME VALUE` from them. A ratio of benchmarks that were filtered out is not printed.
//
// Each benchmark is repeated, the repetitions of all of them in mixed order, and the best one counts: what else the
// machine did meanwhile only ever adds, and what is compared met the same moments.
#pragma once

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

namespace ringside::bench {

// In place of benchmark::Initialize: flags on the command line win. Many short repetitions find a quiet moment where a few
// long ones do not, if what is measured needs little preparation.
inline void initialize(int argc, char** argv, bool many_short = false)
{
    static char few[] = "--benchmark_repetitions=5", many[] = "--benchmark_repetitions=25";
    static char mixed[] = "--benchmark_enable_random_interleaving=true";
    static char longer[] = "--benchmark_min_time=0.1", brief[] = "--benchmark_min_time=0.04";
    static std::vector<char*> arguments { argv[0], many_short ? many : few, mixed, many_short ? brief : longer };
    arguments.insert(arguments.end(), argv + 1, argv + argc);
    int count = static_cast<int>(arguments.size());
    arguments.push_back(nullptr);
    benchmark::Initialize(&count, arguments.data());
}

class Ratios : public benchmark::ConsoleReporter {
public:
    void ReportRuns(std::vector<Run> const& runs) override
    {
        for (auto const& run : runs)
            if (!run.error_occurred && run.run_type == Run::RT_Iteration)
                if (auto items = run.counters.find("items_per_second"); items != run.counters.end()) {
                    double const ns = 1e9 / static_cast<double>(items->second);
                    auto const best = m_ns.emplace(run.run_name.str(), ns).first;
                    best->second = std::min(best->second, ns);
                }
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
