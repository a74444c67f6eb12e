// SPDX-License-Identifier: MIT
// Pool beside malloc and ERESOURCE beside std::shared_mutex, in the same run and with the same pattern of calls. The
// output ends with one line `ratio NAME VALUE` per figure. Bodies are called as bare drivers call them: without a
// checking gate.
#include "ratios.h"

#include "ex/pool_ddi.h"
#include "ex/resource.h"
#include "machine/host_thread.h"
#include "machine/rooms.h"

#include <benchmark/benchmark.h>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <shared_mutex>
#include <vector>

using namespace ringside;

namespace {

constexpr nt::ULONG kTag = 'hcnB';

struct FromPool {
    static void* allocate(size_t bytes) { return ex::ExAllocatePoolWithTag(nt::NonPagedPoolNx, bytes, kTag); }
    static void free(void* block) { ex::ExFreePoolWithTag(block, kTag); }
};
struct FromMalloc {
    static void* allocate(size_t bytes)
    {
        void* block = std::malloc(bytes);
        benchmark::DoNotOptimize(block);
        return block;
    }
    static void free(void* block) { std::free(block); }
};

constexpr uint64_t kPairs = 200'000;

// One block after another.
template <typename From>
void one_by_one(size_t bytes)
{
    for (uint64_t i = 0; i < kPairs; ++i) {
        void* block = From::allocate(bytes);
        *static_cast<volatile char*>(block) = 1;
        From::free(block);
    }
}

// A thousand live blocks of many sizes, each step frees one and takes another.
template <typename From>
void mixed(size_t)
{
    std::vector<void*> blocks(1000);
    uint32_t random = 1;
    auto size = [&] { return size_t { 16 } + ((random = random * 1664525 + 1013904223) >> 20) % 2000; };
    for (void*& block : blocks)
        block = From::allocate(size());
    for (uint64_t i = 0; i < kPairs; ++i) {
        void*& block = blocks[(random >> 8) % blocks.size()];
        From::free(block);
        block = From::allocate(size());
        *static_cast<volatile char*>(block) = 1;
    }
    for (void* block : blocks)
        From::free(block);
}

void resource_shared(size_t)
{
    nt::ERESOURCE resource;
    ex::ExInitializeResourceLite(&resource);
    for (uint64_t i = 0; i < kPairs; ++i) {
        ex::ExAcquireResourceSharedLite(&resource, 1);
        ex::ExReleaseResourceLite(&resource);
    }
    ex::ExDeleteResourceLite(&resource);
}

void mutex_shared(size_t)
{
    std::shared_mutex mutex;
    for (uint64_t i = 0; i < kPairs; ++i) {
        mutex.lock_shared();
        mutex.unlock_shared();
    }
}

// Runs the work on a system thread of a bare machine; the host's work runs there, too, so that both have the same stack.
void run(benchmark::State& state, std::function<void(size_t)> work, size_t bytes)
{
    machine::RoomOptions options;
    options.kernel.binding = ke::Binding::Bare;
    options.kernel.mean_steps = 64;
    machine::Rooms rooms(options);
    machine::HostThread thread(nullptr);
    thread.execute([&] {
        for (auto _ : state)
            work(bytes);
    });
    state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * kPairs));
}

} // namespace

int main(int argc, char** argv)
{
    bench::initialize(argc, argv);
    using benchmark::RegisterBenchmark;
    for (size_t bytes : { 64, 1000, 8192 }) {
        std::string const size = std::to_string(bytes);
        RegisterBenchmark(("pool/" + size).c_str(), run, one_by_one<FromPool>, bytes);
        RegisterBenchmark(("malloc/" + size).c_str(), run, one_by_one<FromMalloc>, bytes);
    }
    RegisterBenchmark("pool/mixed", run, mixed<FromPool>, 0);
    RegisterBenchmark("malloc/mixed", run, mixed<FromMalloc>, 0);
    RegisterBenchmark("eresource_shared", run, resource_shared, 0);
    RegisterBenchmark("shared_mutex_shared", run, mutex_shared, 0);
    bench::Ratios ratios;
    benchmark::RunSpecifiedBenchmarks(&ratios);
    std::printf("\n");
    ratios.ratio("pool_64_to_malloc", "pool/64", "malloc/64");
    ratios.ratio("pool_1000_to_malloc", "pool/1000", "malloc/1000");
    ratios.ratio("pool_8192_to_malloc", "pool/8192", "malloc/8192");
    ratios.ratio("pool_mixed_to_malloc", "pool/mixed", "malloc/mixed");
    ratios.ratio("eresource_shared_to_shared_mutex", "eresource_shared", "shared_mutex_shared");
    return 0;
}
