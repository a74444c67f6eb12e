// SPDX-License-Identifier: MIT
// `ringside run --trace`: the file for Perfetto and Chrome keeps its format's rules, a trace changes nothing of the run,
// and the same seed draws the same picture. The page itself is used by trace_page_test.py.
#include "cli/program.h"

#include <nlohmann/json.hpp>

#include <map>
#include <set>

using namespace ringside::test;
using Json = nlohmann::json;

namespace {

Said run(std::vector<std::string> words) { return run_any(RINGSIDE_PROGRAM, std::move(words)); }

// A file's place in a folder of its own.
struct Place {
    TemporaryFile folder { "here", "" };
    std::string path(std::string const& name) const
    {
        return (std::filesystem::path(folder.path()).parent_path() / name).string();
    }
};

std::vector<std::string> stack_run(std::string const& trace)
{
    return { "run",
             driver("layers_bottom"),
             driver("layers_middle"),
             driver("layers_top"),
             "--open",
             "\\\\.\\Layers",
             "--ioctl",
             "0x80002000",
             "--ioctl",
             "0x80002004",
             "--trace",
             trace };
}

std::string hash_of(std::string const& out)
{
    std::smatch match;
    return std::regex_search(out, match, std::regex("hash ([0-9a-f]{16})")) ? match[1].str() : "";
}

} // namespace

// Times never go back; every B has its E, innermost first, by track; tracks are named; arrows begin, go on and end.
TEST(Trace, EventsKeepTheRulesOfTheirFormat)
{
    Place place;
    ASSERT_EQ(run(stack_run(place.path("out.json"))).code, 0);
    Json const document = Json::parse(bytes_of_file(place.path("out.json")));
    std::set<std::pair<int, int>> named, used;
    std::map<std::pair<int, int>, int> depth;
    std::map<int, std::string> flows;
    std::map<std::string, int> phases;
    double now = 0;
    for (Json const& event : document.at("traceEvents")) {
        std::string const phase = event.at("ph");
        std::pair<int, int> const track { event.at("pid"), event.at("tid") };
        ++phases[phase];
        if (phase == "M") {
            if (event.at("name") == "thread_name")
                named.insert(track);
            continue;
        }
        used.insert(track);
        double const time = event.at("ts");
        EXPECT_GE(time, now);
        now = time;
        if (phase == "B")
            ++depth[track];
        if (phase == "E")
            EXPECT_GE(--depth[track], 0);
        if (phase == "s" || phase == "t" || phase == "f")
            flows[event.at("id")] += phase;
        if (phase != "E")
            EXPECT_FALSE(event.at("name").get<std::string>().empty());
    }
    for (auto const& track : used)
        EXPECT_TRUE(named.contains(track)) << track.first << " " << track.second;
    for (auto const& [track, open] : depth)
        EXPECT_EQ(open, 0) << track.first << " " << track.second;
    EXPECT_EQ(phases["B"], phases["E"]);
    EXPECT_GT(phases["i"], 20);
    ASSERT_FALSE(flows.empty());
    for (auto const& [irp, way] : flows)
        EXPECT_TRUE(std::regex_match(way, std::regex("st*f"))) << irp << " " << way;
    // The request that went through three drivers and up again in the DPC: five stations.
    EXPECT_EQ(flows[8], "stttf");
}

// The log's hash is the same with a trace and without one, in a process of its own and inside this one.
TEST(Trace, ChangesNothing)
{
    Place place;
    auto words = stack_run(place.path("out.html"));
    Said const with = run(words);
    words.push_back("--in-process");
    Said const inside = run(words);
    words.resize(words.size() - 3);
    Said const without = run(words);
    ASSERT_EQ(with.code, 0);
    ASSERT_FALSE(hash_of(with.out).empty());
    EXPECT_EQ(with.out, without.out);
    EXPECT_EQ(hash_of(inside.out), hash_of(without.out));
}

// The same seed draws the same page, byte for byte, in either kind of process; and another seed another one.
TEST(Trace, SameSeedSamePage)
{
    Place place;
    for (char const* ending : { ".html", ".json" }) {
        auto words = stack_run(place.path(std::string("first") + ending));
        ASSERT_EQ(run(words).code, 0);
        words.back() = place.path(std::string("second") + ending);
        ASSERT_EQ(run(words).code, 0);
        words.back() = place.path(std::string("third") + ending);
        words.push_back("--in-process");
        ASSERT_EQ(run(words).code, 0);
        std::string const first = bytes_of_file(place.path(std::string("first") + ending));
        ASSERT_GT(first.size(), 10'000u);
        EXPECT_EQ(first, bytes_of_file(place.path(std::string("second") + ending)));
        EXPECT_EQ(first, bytes_of_file(place.path(std::string("third") + ending)));
    }
}

// A run that ends in a bug check, and one of which the seeds' last failed, leave their picture.
TEST(Trace, OfABugCheck)
{
    Place place;
    Said const said = run({ "run", driver("museum_double_completion"), "--ioctl", "0x80002000", "--seeds", "3..9",
                            "--trace", place.path("out.json") });
    ASSERT_EQ(said.code, 2);
    Json const document = Json::parse(bytes_of_file(place.path("out.json")));
    EXPECT_EQ(document.at("otherData").at("result"), "bug check 0x44 MULTIPLE_IRP_COMPLETE_REQUESTS");
    EXPECT_EQ(document.at("otherData").at("seed"), 3);
    size_t told = 0;
    for (Json const& event : document.at("traceEvents"))
        told += event.at("ph") == "i" && event.at("s") == "g" && event.at("cat") == "error";
    EXPECT_EQ(told, 1u);
}

// A driver that kills the machine's process, in the middle of a request.
// Shows: the trace has what was told until then, its boxes are closed, and it says how the run ended.
TEST(Trace, OfAMachineThatDies)
{
    Place place;
    for (char const* ending : { ".json", ".html" }) {
        Said const said = run({ "run", driver("wild"), "--ioctl", "0x80002404", "--in", "09000000", "--trace",
                                place.path(std::string("out") + ending) });
        EXPECT_EQ(said.code, 3);
        EXPECT_NE(said.out.find("the machine's process died of SIGKILL"), said.out.npos);
    }
    Json const document = Json::parse(bytes_of_file(place.path("out.json")));
    EXPECT_EQ(document.at("otherData").at("result"), "the machine's process died of SIGKILL");
    EXPECT_EQ(document.at("otherData").at("events_lost"), 0);
    int open = 0;
    std::string last;
    for (Json const& event : document.at("traceEvents")) {
        open += event.at("ph") == "B";
        open -= event.at("ph") == "E";
        if (event.at("ph") == "B")
            last = event.at("name");
    }
    EXPECT_EQ(open, 0);
    EXPECT_EQ(last, "dispatch IRP #2 DEVICE_CONTROL wild");
    EXPECT_NE(bytes_of_file(place.path("out.html")).find("the machine's process died of SIGKILL"), std::string::npos);
}

// More events than a trace keeps.
// Shows: the newest stay, the others are counted, and a routine whose entry is among those still has a box of its own.
TEST(Trace, OfMoreEventsThanItKeeps)
{
    Place place;
    std::vector<std::string> words { "run", driver("eager"), "--trace", place.path("out.json") };
    for (int i = 0; i < 100; ++i) {
        words.push_back("--ioctl");
        words.push_back("0x80002000");
    }
    Said const said = run(words);
    ASSERT_EQ(said.code, 0) << said.err;
    std::smatch match;
    ASSERT_TRUE(std::regex_search(said.out, match, std::regex("log +([0-9]+) events")));
    Json const document = Json::parse(bytes_of_file(place.path("out.json")));
    uint64_t const lost = document.at("otherData").at("events_lost");
    EXPECT_EQ(lost + 100'000, std::stoull(match[1].str()));
    int open = 0;
    for (Json const& event : document.at("traceEvents")) {
        open += event.at("ph") == "B";
        open -= event.at("ph") == "E";
        EXPECT_GE(open, 0);
    }
    EXPECT_EQ(open, 0);
}

// No other ending, and no file that cannot be written: told before anything runs. A file that is there stays.
TEST(Trace, BadPaths)
{
    Place place;
    auto words = stack_run(place.path("out.txt"));
    Said said = run(words);
    EXPECT_EQ(said.code, 1);
    EXPECT_EQ(said.out, "");
    EXPECT_NE(said.err.find("a trace is a page (.html) or a file for Perfetto and Chrome (.json)"), said.err.npos);
    words.back() = place.path("nowhere/out.html");
    said = run(words);
    EXPECT_EQ(said.code, 1);
    EXPECT_EQ(said.out, "");
    EXPECT_EQ(said.err, "ringside: --trace: " + words.back() + ": No such file or directory\n");
    TemporaryFile const there("there.html", "as it was");
    words = stack_run(there.path());
    words.push_back("--processors");
    words.push_back("0");
    EXPECT_EQ(run(words).code, 1);
    EXPECT_EQ(bytes_of_file(there.path()), "as it was");
}
