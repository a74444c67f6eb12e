// SPDX-License-Identifier: MIT
// One registry value among many: what ZwQueryValueKey costs among ten and among 100 000, beside the maps of the standard
// library that hold the same names. Ends with one line `ratio NAME VALUE` per figure.
#include "ratios.h"

#include "cm/ddi.h"
#include "machine/host_thread.h"
#include "machine/rooms.h"
#include "ob/ddi.h"
#include "ob/namespace.h"

#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstring>
#include <functional>
#include <map>
#include <string>
#include <unordered_map>

using namespace ringside;

namespace {

constexpr size_t kMany = 100'000;

std::u16string name_of(size_t i)
{
    std::u16string name = u"Value";
    for (char digit : std::to_string(i * 7919 % kMany))
        name += static_cast<char16_t>(digit);
    return name;
}

nt::UNICODE_STRING counted(std::u16string const& text)
{
    auto const bytes = static_cast<nt::USHORT>(text.size() * sizeof(char16_t));
    return { bytes, bytes, const_cast<nt::PWSTR>(text.data()) };
}

machine::RoomOptions bare()
{
    machine::RoomOptions options;
    options.kernel.binding = ke::Binding::Bare;
    return options;
}

// A bare machine with one key, open, of so many values.
struct Crowd {
    explicit Crowd(size_t values)
        : rooms(bare())
        , thread(nullptr)
    {
        run([=, this] {
            cm::Key& crowd = rooms.registry.make(u"\\REGISTRY\\MACHINE\\SOFTWARE\\Crowd");
            for (size_t i = 0; i < values; ++i)
                rooms.registry.set_dword(crowd, name_of(i), static_cast<uint32_t>(i));
            std::u16string const path = u"\\REGISTRY\\MACHINE\\SOFTWARE\\Crowd";
            nt::UNICODE_STRING name = counted(path);
            nt::OBJECT_ATTRIBUTES given { .Length = sizeof given,
                                          .ObjectName = &name,
                                          .Attributes = nt::OBJ_KERNEL_HANDLE | nt::OBJ_CASE_INSENSITIVE };
            cm::ZwOpenKey(&key, nt::KEY_READ, &given);
        });
    }
    ~Crowd()
    {
        run([this] { ob::ZwClose(key); });
    }
    void run(std::function<void()> work) { thread.execute(std::move(work)); }
    machine::Rooms rooms;
    machine::HostThread thread;
    nt::HANDLE key = nullptr;
};

void query_a_value(benchmark::State& state)
{
    auto const values = static_cast<size_t>(state.range(0));
    Crowd crowd(values);
    crowd.run([&] {
        size_t i = 0;
        for (auto _ : state) {
            i = (i + 1) % values;
            std::u16string const text = name_of(i);
            nt::UNICODE_STRING name = counted(text);
            uint32_t answer[8] {}; // KEY_VALUE_PARTIAL_INFORMATION: title, type, length, data
            nt::ULONG length = 0;
            if (cm::ZwQueryValueKey(crowd.key, &name, nt::KeyValuePartialInformation, answer, sizeof answer, &length)
                || answer[3] != i) {
                state.SkipWithError("a value was not found");
                break;
            }
        }
    });
    state.SetItemsProcessed(state.iterations());
}

// The same names with the same copies, and a number in place of the service's reply.
template <typename Map>
void find_in_map(benchmark::State& state)
{
    auto const values = static_cast<size_t>(state.range(0));
    Map map;
    for (size_t i = 0; i < values; ++i)
        map.emplace(ob::upper_case(name_of(i)), i);
    size_t i = 0;
    for (auto _ : state) {
        i = (i + 1) % values;
        auto const found = map.find(ob::upper_case(name_of(i)));
        if (found == map.end() || found->second != i) {
            state.SkipWithError("a value was not found");
            break;
        }
    }
    state.SetItemsProcessed(state.iterations());
}

} // namespace

int main(int argc, char** argv)
{
    using Map = std::map<std::u16string, size_t>;
    using UnorderedMap = std::unordered_map<std::u16string, size_t>;
    benchmark::Initialize(&argc, argv);
    benchmark::RegisterBenchmark("value/query", query_a_value)->Arg(10)->Arg(kMany);
    benchmark::RegisterBenchmark("value/map", find_in_map<Map>)->Arg(10)->Arg(kMany);
    benchmark::RegisterBenchmark("value/unordered_map", find_in_map<UnorderedMap>)->Arg(10)->Arg(kMany);
    bench::Ratios ratios;
    benchmark::RunSpecifiedBenchmarks(&ratios);
    std::printf("\n");
    ratios.ratio("value_among_100000_to_10", "value/query/100000", "value/query/10");
    ratios.ratio("value_among_100000_to_map", "value/query/100000", "value/map/100000");
    ratios.ratio("value_among_100000_to_unordered_map", "value/query/100000", "value/unordered_map/100000");
    ratios.ratio("unordered_map_among_100000_to_10", "value/unordered_map/100000", "value/unordered_map/10");
    return 0;
}
