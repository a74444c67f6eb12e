// SPDX-License-Identifier: MIT
// The museum: for each rule one driver that breaks it and its corrected twin. The matrix says how each ends with all
// rules on and with each rule off; it is compared with tests/golden/museum.txt.
// Shows: every rule is caught by that rule and by no other, a rule that is off is not asked, and no twin is accused.
#include <ringside/ringside.h>

#include <cstdlib>
#include <fmt/format.h>
#include <fstream>
#include <gtest/gtest.h>
#include <sstream>

using namespace ringside;

namespace {

constexpr uint32_t kShow = (0x8000u << 16) | (0x800u << 2); // IOCTL_MUSEUM_SHOW

struct Exhibit {
    char const* file;
    char const* rule;
};
Exhibit const kExhibits[] = {
    { "irql_at_entry", "IrqlAtEntry" },
    { "irql_at_return", "IrqlAtReturn" },
    { "double_completion", "DoubleCompletion" },
    { "forgotten_completion", "ForgottenCompletion" },
    { "leak_at_unload", "LeakAtUnload" },
};

std::string end_of(std::string const& driver, std::vector<std::string> const& off)
{
    Machine machine({ .seed = 3, .rules_off = off });
    machine.load(RINGSIDE_DRIVERS "/museum_" + driver + ".sys");
    File file = machine.open(R"(\\.\Museum)");
    file.ioctl(kShow, "", 0);
    file.close();
    Report report = machine.finish();
    switch (report.end) {
    case Report::End::Clean:
        return "clean";
    case Report::End::Leaks:
        return fmt::format("leaks: {}", report.leaks.size());
    case Report::End::BugCheck:
        return fmt::format("{:#x}/{:#x} by {}", report.code, report.parameters[0] > 0xFFFF ? 0 : report.parameters[0],
                           report.rule.empty() ? "the kernel" : report.rule);
    default:
        return "?";
    }
}

std::string matrix()
{
    std::string text;
    auto rules = Machine::rules();
    for (auto const& exhibit : kExhibits) {
        text += fmt::format("{}\n", exhibit.file);
        text += fmt::format("  {:24}{}\n", "all rules on", end_of(exhibit.file, {}));
        for (auto const& rule : rules)
            text += fmt::format("  {:24}{}\n", rule + " off", end_of(exhibit.file, { rule }));
        text += fmt::format("  {:24}{}\n", "corrected twin", end_of(std::string(exhibit.file) + "_corrected", {}));
    }
    return text;
}

} // namespace

TEST(museum, golden_matrix)
{
    std::string const path = RINGSIDE_SOURCE "/tests/golden/museum.txt";
    std::string const now = matrix();
    if (std::getenv("RINGSIDE_WRITE_GOLDEN"))
        std::ofstream(path) << now;
    std::stringstream golden;
    golden << std::ifstream(path).rdbuf();
    EXPECT_EQ(now, golden.str());
}

// Each rule has an exhibit, and each exhibit is caught by its own rule.
TEST(museum, each_rule_has_its_exhibit)
{
    auto rules = Machine::rules();
    for (auto const& rule : rules)
        EXPECT_TRUE(std::any_of(std::begin(kExhibits), std::end(kExhibits),
                                [&](Exhibit const& e) { return rule == e.rule; })) << rule;
    for (auto const& exhibit : kExhibits) {
        EXPECT_NE(end_of(exhibit.file, {}).find(exhibit.rule), std::string::npos) << exhibit.file;
        EXPECT_EQ(end_of(std::string(exhibit.file) + "_corrected", {}), "clean") << exhibit.file;
    }
}
