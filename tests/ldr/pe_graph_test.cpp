// SPDX-License-Identifier: MIT
// Circles: drivers that import from each other, exports that are forwarded back to themselves.
#include "ldr/pe_graph.h"

#include <gtest/gtest.h>

namespace ringside::ldr {
namespace {

using Names = std::vector<std::string>;

TEST(PeGraph, NoCycle)
{
    ImportNode const nodes[] { { "a.sys", { "b.sys", "c.sys", "ntoskrnl.exe" } },
                               { "b.sys", { "c.sys", "HAL.dll" } },
                               { "c.sys", {} } };
    EXPECT_EQ(find_import_cycle(nodes), Names());
}

TEST(PeGraph, ImportsFromItself)
{
    ImportNode const nodes[] { { "a.sys", { "ntoskrnl.exe", "A.SYS" } } };
    Names cycle = find_import_cycle(nodes);
    EXPECT_EQ(cycle, (Names { "a.sys", "a.sys" }));
    EXPECT_EQ(import_cycle_refusal(cycle).reason, "a.sys imports from itself");
}

// The way into the circle is not part of it.
TEST(PeGraph, CycleOfThree)
{
    ImportNode const nodes[] { { "top.sys", { "a.sys" } },
                               { "a.sys", { "B.sys" } },
                               { "b.sys", { "c.sys" } },
                               { "c.sys", { "ntoskrnl.exe", "a.sys" } } };
    Names cycle = find_import_cycle(nodes);
    EXPECT_EQ(cycle, (Names { "a.sys", "b.sys", "c.sys", "a.sys" }));
    EXPECT_EQ(import_cycle_refusal(cycle).reason,
              "a.sys imports from b.sys, b.sys imports from c.sys, c.sys imports from a.sys: a circle");
}

// A long chain must not exhaust the host's stack.
TEST(PeGraph, LongChain)
{
    std::vector<ImportNode> nodes;
    for (int i = 0; i < 100000; ++i)
        nodes.push_back({ fmt::format("{}.sys", i), { fmt::format("{}.sys", i + 1) } });
    EXPECT_TRUE(find_import_cycle(nodes).empty());
    nodes.back().imports = { "99998.sys" };
    EXPECT_EQ(find_import_cycle(nodes), (Names { "99998.sys", "99999.sys", "99998.sys" }));
}

Exports exports_of(std::vector<std::pair<std::string, std::string>> rows)
{
    Exports exports;
    for (auto& [name, forwarder] : rows)
        exports.rows.push_back({ name, uint32_t(exports.rows.size() + 1), forwarder.empty() ? 0x1000u : 0, forwarder });
    exports.finish();
    return exports;
}

TEST(PeGraph, ForwardersThatEnd)
{
    Exports a = exports_of({ { "f", "b.g" }, { "h", "missing.x" } }), b = exports_of({ { "g", "" } });
    ExportSource const sources[] { { "a.sys", &a }, { "b.sys", &b } };
    EXPECT_EQ(find_forwarder_cycle(sources), Names());
}

TEST(PeGraph, ForwardersInACircle)
{
    Exports a = exports_of({ { "e", "b.g" }, { "f", "b.g" } }), b = exports_of({ { "g", "A.#2" } });
    ExportSource const sources[] { { "a.sys", &a }, { "b.sys", &b } };
    EXPECT_EQ(find_forwarder_cycle(sources), (Names { "b.sys!g", "a.sys!f", "b.sys!g" }));
}

TEST(PeGraph, SameModule)
{
    EXPECT_TRUE(same_module("NTOSKRNL.EXE", "ntoskrnl.exe"));
    EXPECT_TRUE(same_module("ntoskrnl", "ntoskrnl.exe"));
    EXPECT_FALSE(same_module("a.sys", "a.dll"));
    EXPECT_FALSE(same_module("a.sys", "b.sys"));
}

} // namespace
} // namespace ringside::ldr
