// SPDX-License-Identifier: MIT
// The museum: for each rule one driver that breaks it and its corrected twin. The rules of an IRP's life are the rows of
// data/irp_rules.csv; a few others stand here.
// Shows: every driver is caught by its own rule and by no other, whichever other rule is off; with its own rule off it
// gets further, up to where the kernel or the final look stops it; no twin is accused, under any seed and any failure.
#include "verifier/rules.h"

#include <ringside/ringside.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <gtest/gtest.h>
#include <set>
#include <sstream>

using namespace ringside;

namespace {

constexpr uint32_t kShow = (0x8000u << 16) | (0x800u << 2); // IOCTL_MUSEUM_SHOW
constexpr char const* kRulesFile = RINGSIDE_SOURCE "/data/irp_rules.csv";
constexpr char const* kComplianceFile = RINGSIDE_SOURCE "/data/irp_compliance.csv";

struct Exhibit {
    std::string rule;
    bool by_verifier;
    uint32_t code;
    uint64_t parameter; // 0: no number of its own
    std::string file;
};

// Fields of a line; a field in quotes may have commas.
std::vector<std::string> fields_of(std::string const& line)
{
    std::vector<std::string> fields(1);
    bool quoted = false;
    for (char c : line)
        if (c == '"')
            quoted = !quoted;
        else if (c == ',' && !quoted)
            fields.emplace_back();
        else
            fields.back() += c;
    return fields;
}

// Without comments and without the line that names the columns.
std::vector<std::vector<std::string>> rows_of(char const* path)
{
    std::vector<std::vector<std::string>> rows;
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);)
        if (!line.empty() && line[0] != '#')
            rows.push_back(fields_of(line));
    if (!rows.empty())
        rows.erase(rows.begin());
    return rows;
}

std::vector<std::vector<std::string>> rows_of_the_file() { return rows_of(kRulesFile); }

std::vector<std::string> split(std::string const& list)
{
    std::vector<std::string> parts;
    std::stringstream stream(list);
    for (std::string part; std::getline(stream, part, ';');)
        parts.push_back(part);
    return parts;
}

// The functions of an IRP's life, by name.
bool is_of_an_irps_life(std::string const& function)
{
    static std::set<std::string> const names {
        "IoAllocateIrp",
        "IoAllocateIrpEx",
        "IoInitializeIrp",
        "IoReuseIrp",
        "IoFreeIrp",
        "IoMakeAssociatedIrp",
        "IoBuildDeviceIoControlRequest",
        "IoBuildSynchronousFsdRequest",
        "IoBuildAsynchronousFsdRequest",
        "IoCallDriver",
        "IofCallDriver",
        "PoCallDriver",
        "IoForwardIrpSynchronously",
        "IoSynchronousCallDriver",
        "IoMarkIrpPending",
        "IoSetCompletionRoutine",
        "IoSetCompletionRoutineEx",
        "IoCompleteRequest",
        "IofCompleteRequest",
        "IoSetCancelRoutine",
        "IoCancelIrp",
        "IoAcquireCancelSpinLock",
        "IoReleaseCancelSpinLock",
        "IoStartPacket",
        "IoStartNextPacket",
        "IoStartNextPacketByKey",
        "IoSetStartIoAttributes",
        "IoCsqInsertIrp",
        "IoCsqInsertIrpEx",
        "IoCsqRemoveIrp",
        "IoCsqRemoveNextIrp",
        "IoInitializeRemoveLock",
        "IoAcquireRemoveLock",
        "IoReleaseRemoveLock",
        "IoReleaseRemoveLockAndWait",
        "WmiSystemControl",
        "WmiCompleteRequest",
    };
    return names.contains(function);
}

// Of other driver models than WDM.
bool is_foreign(std::string const& rule)
{
    return rule.starts_with("HwStorPort") || rule.starts_with("StorPort") || rule.ends_with("(storport)")
        || (rule.starts_with("Sp") && rule != "SpinLockSafe");
}

std::vector<Exhibit> const& exhibits()
{
    static std::vector<Exhibit> const all = [] {
        std::vector<Exhibit> list {
            { "IrqlAtEntry", true, 0xC4, 0xE5, "irql_at_entry" },
            { "LeakAtUnload", true, 0xC4, 0x62, "leak_at_unload" },
        };
        for (auto const& row : rows_of_the_file())
            list.push_back({ row.at(1), row.at(2) == "verifier",
                             static_cast<uint32_t>(std::stoul(row.at(3), nullptr, 16)),
                             row.at(4).empty() ? 0 : std::stoull(row.at(4), nullptr, 16), row.at(5) });
        return list;
    }();
    return all;
}

bool needs_holder(std::string_view driver)
{
    return driver.starts_with("cancel_routine_set_below") || driver.starts_with("completed_while_below")
        || driver.starts_with("routine_ex_of_other_device");
}

// Shows the exhibit: one request, which is cancelled when the driver still holds it after all else is done; then the
// thread that issued it ends.
Report shown(std::string const& driver, MachineOptions options)
{
    Machine machine(std::move(options));
    if (needs_holder(driver))
        machine.load(RINGSIDE_DRIVERS "/holder.sys");
    machine.load(RINGSIDE_DRIVERS "/museum_" + driver + ".sys");
    Client client = machine.client("visitor.exe");
    Thread thread = client.thread();
    File file = client.open(R"(\\.\Museum)");
    // With room for an answer only where that is the point: the system buffer stands in the place of IrpCount.
    size_t const room = driver.starts_with("information_too_large") ? 8 : 0;
    Request request = file.on(thread).start_ioctl(kShow, {}, room);
    machine.settle();
    request.cancel();
    machine.settle();
    thread.end();
    file.close();
    return machine.finish();
}

std::string end_of(std::string const& driver, std::vector<std::string> const& off = {})
{
    Report const report = shown(driver, { .seed = 3, .rules_off = off });
    switch (report.end) {
    case Report::End::Clean:
        return "clean";
    case Report::End::Leaks:
        return fmt::format("leaks: {}", report.leaks.size());
    case Report::End::BugCheck: {
        std::string const by = report.rule.empty() ? "the kernel" : report.rule;
        if (!report.parameters[0] || report.parameters[0] > 0xFFFFFFFF)
            return fmt::format("{:#x} by {}", report.code, by);
        return fmt::format("{:#x}/{:#x} by {}", report.code, report.parameters[0], by);
    }
    default:
        return "?";
    }
}

std::string expected_end(Exhibit const& exhibit)
{
    std::string const by = exhibit.by_verifier ? exhibit.rule : "the kernel";
    if (!exhibit.parameter)
        return fmt::format("{:#x} by {}", exhibit.code, by);
    return fmt::format("{:#x}/{:#x} by {}", exhibit.code, exhibit.parameter, by);
}

std::string matrix()
{
    std::string text;
    for (auto const& exhibit : exhibits()) {
        text += fmt::format("{}\n  all rules on   {}\n", exhibit.file, end_of(exhibit.file));
        if (exhibit.by_verifier)
            text += fmt::format("  own rule off   {}\n", end_of(exhibit.file, { exhibit.rule }));
    }
    return text;
}

std::ostream& operator<<(std::ostream& stream, Exhibit const& exhibit) { return stream << exhibit.file; }

class Museum : public testing::TestWithParam<Exhibit> { };

INSTANTIATE_TEST_SUITE_P(exhibit, Museum, testing::ValuesIn(exhibits()),
                         [](auto const& info) { return info.param.file; });

} // namespace

TEST_P(Museum, is_caught_by_its_own_rule_whichever_other_is_off)
{
    Exhibit const& exhibit = GetParam();
    EXPECT_EQ(end_of(exhibit.file), expected_end(exhibit));
    for (auto const& rule : Machine::rules())
        if (rule != exhibit.rule)
            EXPECT_EQ(end_of(exhibit.file, { rule }), expected_end(exhibit)) << rule << " off";
}

TEST_P(Museum, goes_on_when_its_own_rule_is_off)
{
    Exhibit const& exhibit = GetParam();
    if (exhibit.by_verifier)
        EXPECT_NE(end_of(exhibit.file, { exhibit.rule }), expected_end(exhibit));
}

// The bug check has the parameters that its page gives it: the exhibit, which knows its IRP and its devices, says them.
TEST_P(Museum, the_parameters_are_those_of_the_page)
{
    Report const report = shown(GetParam().file, { .seed = 3 });
    auto const is_word = [](std::string const& line) { return line.starts_with("museum expects "); };
    auto const said = std::ranges::find_if(report.said.rbegin(), report.said.rend(), is_word);
    ASSERT_NE(said, report.said.rend()) << "the exhibit says nothing";
    unsigned long long expected[4], base;
    unsigned bytes;
    ASSERT_EQ(std::sscanf(said->c_str(), "museum expects %llx %llx %llx %llx image %llx %x", &expected[0], &expected[1],
                          &expected[2], &expected[3], &base, &bytes),
              6)
        << *said;
    constexpr unsigned long long kItsOwn = 0x1111111111111111, kInDriver = 0x2222222222222222,
                                 kAny = 0x3333333333333333;
    for (int i = 0; i < 4; ++i) {
        SCOPED_TRACE(fmt::format("parameter {}", i + 1));
        if (expected[i] == kAny)
            continue;
        if (expected[i] == kInDriver)
            EXPECT_LT(report.parameters[i] - base, bytes);
        else
            EXPECT_EQ(report.parameters[i], expected[i] == kItsOwn ? GetParam().parameter : expected[i]);
    }
}

// The report names the driver's own code.
TEST_P(Museum, the_report_shows_where)
{
    Report const report = shown(GetParam().file, { .seed = 3 });
    EXPECT_FALSE(report.words.empty());
    ASSERT_FALSE(report.trace.empty());
    EXPECT_EQ(report.trace.front().module, "museum_" + GetParam().file + ".sys");
}

TEST_P(Museum, the_twin_is_clean_under_any_seed)
{
    for (uint64_t seed = 1; seed <= 10; ++seed)
        EXPECT_EQ(shown(GetParam().file + "_corrected", { .seed = seed, .explore = seed > 5 }).end, Report::End::Clean)
            << seed;
}

TEST_P(Museum, the_twin_survives_each_failure)
{
    bool failed = true;
    for (uint64_t nth = 1; failed; ++nth) {
        Report const report = shown(GetParam().file + "_corrected", { .seed = 3, .faults = { .nth = nth } });
        failed = report.faults_injected > 0;
        EXPECT_EQ(report.end, Report::End::Clean) << "failure " << nth;
    }
}

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

// Shows: each rule of the Verifier has its exhibit, and each source in tests/museum is one.
TEST(museum, each_rule_has_its_exhibit)
{
    std::set<std::string> rules, files;
    for (auto const& exhibit : exhibits()) {
        if (exhibit.by_verifier)
            rules.insert(exhibit.rule);
        files.insert(exhibit.file);
    }
    auto const of_the_verifier = Machine::rules();
    EXPECT_EQ(rules, std::set<std::string>(of_the_verifier.begin(), of_the_verifier.end()));
    std::set<std::string> sources;
    for (auto const& entry : std::filesystem::directory_iterator(RINGSIDE_SOURCE "/tests/museum"))
        if (entry.path().extension() == ".c")
            sources.insert(entry.path().stem());
    EXPECT_EQ(files, sources);
}

// Shows: each row of the file is whole, its page has the form of one, and the Verifier's own row says the same of it.
TEST(museum, the_rules_of_an_irps_life_are_whole_rows)
{
    auto const rows = rows_of_the_file();
    EXPECT_GE(rows.size(), 40u);
    std::set<std::string> stages, names;
    for (auto const& row : rows) {
        ASSERT_EQ(row.size(), 8u) << row.at(0);
        stages.insert(row[0]);
        EXPECT_TRUE(names.insert(row[1]).second) << row[1] << " twice";
        EXPECT_TRUE(row[2] == "verifier" || row[2] == "kernel") << row[1];
        EXPECT_TRUE(row[6].ends_with('.')) << row[1] << ": a sentence";
        EXPECT_TRUE(row[7].starts_with("ddi/") || row[7].starts_with("debugger/") || row[7].starts_with("kernel/")
                    || row[7].starts_with("devtest/"))
            << row[1];
        if (row[2] != "verifier")
            continue;
        auto const rule = verifier::rule_by_name(row[1]);
        ASSERT_NE(rule, verifier::Rule::Count) << row[1];
        EXPECT_EQ(verifier::row(rule).code, std::stoul(row[3], nullptr, 16)) << row[1];
        EXPECT_EQ(verifier::row(rule).subcode, row[4].empty() ? 0 : std::stoul(row[4], nullptr, 16)) << row[1];
        EXPECT_EQ(verifier::row(rule).page, row[7]) << row[1];
    }
    EXPECT_EQ(stages,
              (std::set<std::string> { "cancel", "completion", "making", "removal", "return", "routine", "sending",
                                       "start" }));
}

// Shows: each rule of Microsoft's DDI compliance checking that the page of a function of an IRP's life names is covered by
// rows of an IRP's rules, or it is said why not.
TEST(museum, the_compliance_rules_have_rows_or_reasons)
{
    std::set<std::string> rows, listed, demanded;
    for (auto const& row : rows_of_the_file())
        rows.insert(row[1]);
    for (auto const& row : rows_of(kComplianceFile)) {
        ASSERT_EQ(row.size(), 3u) << row.at(0);
        EXPECT_TRUE(listed.insert(row[0]).second) << row[0] << " twice";
        EXPECT_FALSE(row[1].empty() && row[2].empty()) << row[0] << " has neither a row nor a reason";
        for (auto const& name : split(row[1]))
            EXPECT_TRUE(rows.contains(name)) << row[0] << ": " << name;
    }
    for (auto const& row : rows_of(RINGSIDE_SOURCE "/data/ddi.csv"))
        if (is_of_an_irps_life(row.at(0)))
            for (auto const& rule : split(row.at(7)))
                if (!is_foreign(rule))
                    demanded.insert(rule);
    EXPECT_GT(demanded.size(), 80u);
    std::vector<std::string> missing;
    std::ranges::set_difference(demanded, listed, std::back_inserter(missing));
    EXPECT_EQ(missing, std::vector<std::string> {});
}
