// SPDX-License-Identifier: MIT
// Handles and names: what one costs alone and among a million. Ends with one line `ratio NAME VALUE` per figure.
#include "ratios.h"

#include "machine/host_thread.h"
#include "machine/rooms.h"
#include "ob/handle.h"
#include "ob/namespace.h"

#include <benchmark/benchmark.h>

#include <cstdio>
#include <functional>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

using namespace ringside;

namespace {

constexpr size_t kMany = 1'000'000;
constexpr uint32_t kTag = 0x68636E42; // "Bnch"

// A bare machine whose System process has a million handles to one event, or a million named links.
struct Crowd {
    explicit Crowd(size_t handles, size_t names) : rooms(options()), thread(nullptr)
    {
        run([=, this] {
            event = *ob::create(ob::event_type, sizeof(nt::KEVENT), kTag);
            for (size_t i = 0; i < handles; ++i)
                (void)ob::open_handle(ob::current_process(), event, { .access = nt::SYNCHRONIZE });
            (void)ob::create_directory(u"\\Crowd");
            for (size_t i = 0; i < names; ++i)
                (void)ob::create_symbolic_link(path(i), u"\\Device");
        });
    }
    void run(std::function<void()> work) { thread.execute(std::move(work)); }
    static constexpr size_t kFolder = 7; // characters of "\\Crowd\\"
    static std::u16string path(size_t i)
    {
        std::u16string name = u"\\Crowd\\Name";
        for (char digit : std::to_string(i * 7919 % kMany))
            name += static_cast<char16_t>(digit);
        return name;
    }
    static machine::RoomOptions options()
    {
        machine::RoomOptions o;
        o.kernel.binding = ke::Binding::Bare;
        o.memory_bytes = size_t { 2 } << 30;
        return o;
    }
    machine::Rooms rooms;
    machine::HostThread thread;
    void* event = nullptr;
};

void open_and_close(benchmark::State& state)
{
    Crowd crowd(static_cast<size_t>(state.range(0)), 0);
    crowd.run([&] {
        auto& process = ob::current_process();
        for (auto _ : state) {
            auto handle = ob::open_handle(process, crowd.event, { .access = nt::SYNCHRONIZE });
            (void)ob::close_handle(process, *handle, nt::KernelMode);
        }
    });
    state.SetItemsProcessed(state.iterations());
}

// Closes the oldest of the handles and opens it again: what a table that searches for a free value is worst at.
void reopen_the_first(benchmark::State& state)
{
    Crowd crowd(static_cast<size_t>(state.range(0)), 0);
    crowd.run([&] {
        auto& process = ob::current_process();
        auto first = ob::open_handle(process, crowd.event, { .access = nt::SYNCHRONIZE });
        auto const oldest = reinterpret_cast<nt::HANDLE>(uint64_t { 4 });
        for (auto _ : state) {
            (void)ob::close_handle(process, oldest, nt::KernelMode);
            benchmark::DoNotOptimize(ob::open_handle(process, crowd.event, { .access = nt::SYNCHRONIZE }));
        }
        (void)ob::close_handle(process, *first, nt::KernelMode);
    });
    state.SetItemsProcessed(state.iterations());
}

void look_up_a_name(benchmark::State& state)
{
    auto const names = static_cast<size_t>(state.range(0));
    Crowd crowd(0, names);
    crowd.run([&] {
        size_t i = 0;
        for (auto _ : state) {
            auto found = ob::look_up_link({ nullptr, Crowd::path(++i % names), true });
            if (!found.ok()) {
                state.SkipWithError("a name was not found");
                break;
            }
            ob::dereference(found->body);
        }
    });
    state.SetItemsProcessed(state.iterations());
}

// A million names in one directory or ten each in many, from the directory's own object: the same names and objects
// are touched (with many, the directories besides), so that the ratio shows what grows with the directory and not what
// the caches hold.
void look_up_below(benchmark::State& state)
{
    auto const directories = static_cast<size_t>(state.range(0));
    Crowd crowd(0, 0);
    crowd.run([&] {
        std::vector<void*> roots;
        for (size_t i = 0; i < directories; ++i) {
            std::u16string const path = Crowd::path(i) + u"d";
            (void)ob::create_directory(path);
            roots.push_back(ob::look_up(path, true)->body);
        }
        auto name_of = [](size_t i) { return Crowd::path(i).substr(Crowd::kFolder); };
        for (size_t i = 0; i < kMany; ++i) {
            void* const link = *ob::create(ob::symbolic_link_type, 0x20, kTag);
            (void)ob::insert(link, { roots[i % directories], name_of(i) }, true);
        }
        size_t i = 0;
        for (auto _ : state) {
            i = (i + 1) % kMany;
            auto found = ob::look_up_link({ roots[i % directories], name_of(i), true });
            if (!found.ok()) {
                state.SkipWithError("a name was not found");
                break;
            }
            ob::dereference(found->body);
        }
    });
    state.SetItemsProcessed(state.iterations());
}

// The same names in the standard library's maps, with the same copies of a path.
template <typename Map>
void look_up_in_map(benchmark::State& state)
{
    auto const names = static_cast<size_t>(state.range(0));
    Map map;
    for (size_t i = 0; i < names; ++i)
        map.emplace(ob::upper_case(Crowd::path(i)), i);
    size_t i = 0;
    for (auto _ : state)
        if (map.find(ob::upper_case(Crowd::path(++i % names))) == map.end()) {
            state.SkipWithError("a name was not found");
            break;
        }
    state.SetItemsProcessed(state.iterations());
}

} // namespace

int main(int argc, char** argv)
{
    bench::initialize(argc, argv);
    benchmark::RegisterBenchmark("handle/open_close", open_and_close)->Arg(1)->Arg(kMany);
    benchmark::RegisterBenchmark("handle/reopen_first", reopen_the_first)->Arg(1)->Arg(kMany);
    benchmark::RegisterBenchmark("name/look_up", look_up_a_name)->Arg(1)->Arg(1000)->Arg(kMany);
    benchmark::RegisterBenchmark("name/look_up_below", look_up_below)->Arg(1)->Arg(kMany / 10);
    benchmark::RegisterBenchmark("name/map", look_up_in_map<std::map<std::u16string, size_t>>)->Arg(kMany);
    benchmark::RegisterBenchmark("name/unordered_map", look_up_in_map<std::unordered_map<std::u16string, size_t>>)
        ->Arg(1)
        ->Arg(kMany);
    bench::Ratios ratios;
    benchmark::RunSpecifiedBenchmarks(&ratios);
    std::printf("\n");
    ratios.ratio("handle_among_1000000_to_1", "handle/open_close/1000000", "handle/open_close/1");
    ratios.ratio("handle_reopened_among_1000000_to_1", "handle/reopen_first/1000000", "handle/reopen_first/1");
    ratios.ratio("name_among_1000000_to_1", "name/look_up/1000000", "name/look_up/1");
    ratios.ratio("name_among_1000_to_1", "name/look_up/1000", "name/look_up/1");
    ratios.ratio("name_among_1000000_to_10_in_100000_directories", "name/look_up_below/1", "name/look_up_below/100000");
    ratios.ratio("name_among_1000000_to_map", "name/look_up/1000000", "name/map/1000000");
    ratios.ratio("name_among_1000000_to_unordered_map", "name/look_up/1000000", "name/unordered_map/1000000");
    ratios.ratio("unordered_map_among_1000000_to_1", "name/unordered_map/1000000", "name/unordered_map/1");
    return 0;
}
