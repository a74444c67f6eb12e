// SPDX-License-Identifier: MIT
#include "ldr/loader.h"
#include "ldr/debugger.h"

#include "base/check.h"
#include "ke/exception.h"
#include "ke/kernel.h"
#include "ldr/loader_bind.h"
#include "ldr/pe_graph.h"
#include "ldr/trap.h"
#include "mm/memory.h"

#include <algorithm>
#include <cstring>

namespace ringside::ldr {

Loader* g_loader = nullptr;

namespace {

using sim::host::Access;

constexpr uint32_t kStatusInsufficientResources = 0xC000009A;

static_assert(sizeof(pe::RuntimeFunction) == sizeof(nt::RUNTIME_FUNCTION));

// The value of an image's stack cookie: a function of its base alone, so that it is the same in every run. Its upper
// 16 bits are zero, as the compiler's check expects, and it is neither zero nor the value that means "not set yet".
uint64_t security_cookie(uintptr_t base)
{
    uint64_t value = base * 0x9E3779B97F4A7C15ull;
    value = (value ^ (value >> 29)) * 0xBF58476D1CE4E5B9ull;
    value = (value ^ (value >> 32)) & 0x0000'FFFF'FFFF'FFFFull;
    return value == 0 || value == pe::kDefaultSecurityCookie ? value + 1 : value;
}

Access access_of(Protection const& protection)
{
    if (protection.execute)
        return protection.write ? Access::All : Access::ReadExecute;
    return protection.write ? Access::ReadWrite : Access::Read;
}

} // namespace

Module& LoadResult::module() const
{
    CHECK(ok(), "module() of a refused image");
    return *std::get<0>(m_state);
}

BadImage const& LoadResult::bad() const
{
    CHECK(!ok(), "bad() of a loaded image");
    return std::get<1>(m_state);
}

void* Module::exported(std::string_view name) const
{
    Export const* row = m_file.exports().find(name);
    return row && row->forwarder.empty() ? at(row->rva) : nullptr;
}

Loader::Loader(ExportTable& exports, SweepOptions options)
    : m_exports(exports)
    , m_options(options)
    , m_space(hal::kTrampolinesLow, hal::kTrampolinesHigh)
    , m_patcher(m_space)
{
    CHECK(!g_loader, "one machine is live per process at a time");
    g_loader = this;
    reset_ports();
    ke::g_trap_emulator = emulate;
}

Loader::~Loader()
{
    for (auto it = m_modules.rbegin(); it != m_modules.rend(); ++it)
        if ((*it)->m_loaded)
            take_away(**it);
    ke::g_trap_emulator = nullptr;
    g_loader = nullptr;
}

// --- Loading -----------------------------------------------------------------------------------------------------

// One load() with all that it pulls in.
struct Loader::Loading {
    ImageFinder* finder;
    std::vector<std::string> path {}; // the modules being loaded, outermost first
    std::vector<Module*> finished {};
    bool circle = false; // refused for a circle: its sentence names all who take part
};

LoadResult Loader::load(std::string name, std::string path, std::span<std::byte const> bytes, ImageFinder* finder)
{
    if (find(name))
        return refuse("a driver of this name is already loaded");
    Loading loading { .finder = finder };
    if (auto bad = load_one(loading, { std::move(name), std::move(path), { bytes.begin(), bytes.end() } })) {
        for (auto it = loading.finished.rbegin(); it != loading.finished.rend(); ++it)
            unload(**it);
        return std::move(*bad);
    }
    m_new = std::move(loading.finished);
    return *m_new.back();
}

Refusal Loader::load_one(Loading& loading, ImageFile image)
{
    PeResult parsed = PeFile::parse(image.bytes);
    if (!parsed)
        return parsed.bad();
    if (auto bad = parsed.file().why_not_a_driver())
        return bad;
    loading.path.push_back(image.name);
    if (auto bad = load_imports(loading, parsed.file(), image.name))
        return bad;
    loading.path.pop_back();

    auto made = std::make_unique<Module>();
    Module& module = *made;
    module.m_number = ++m_born; // refused ones count too: the number owns trampolines
    module.m_name = std::move(image.name);
    module.m_path = std::move(image.path);
    module.m_file = parsed.take();
    module.m_size = module.m_file.memory_size();
    if (auto bad = place(module))
        return bad;
    if (auto bad = prepare(module)) {
        take_away(module);
        return bad;
    }
    protect(module);
    tell_paging(module);
    auto const& functions = module.m_file.functions();
    module.m_image_index = ke::kernel().images().add(
        { module.m_base,
          module.m_size,
          module.m_name,
          module.m_path,
          { reinterpret_cast<nt::RUNTIME_FUNCTION const*>(functions.data()), functions.size() },
          false });
    module.m_loaded = true;
    tell_debugger_loaded(module);
    loading.finished.push_back(&module);
    m_modules.push_back(std::move(made));
    return {};
}

Refusal Loader::load_imports(Loading& loading, PeFile const& file, std::string const& name)
{
    for (ImportedDll const& dll : file.imports()) {
        if (ExportTable::is_kernel_module(dll.name) || find(dll.name))
            continue;
        auto const on_path
            = std::ranges::find_if(loading.path, [&](auto const& outer) { return same_module(outer, dll.name); });
        if (on_path != loading.path.end()) {
            std::vector<std::string> cycle(on_path, loading.path.end());
            cycle.push_back(*on_path);
            loading.circle = true;
            return import_cycle_refusal(cycle);
        }
        auto found = loading.finder ? loading.finder->find(dll.name) : std::nullopt;
        if (!found)
            continue;
        if (auto bad = load_one(loading, std::move(*found))) {
            if (loading.circle)
                return bad;
            return refuse_with(bad->status, "{} imports from {}, which cannot be loaded: {}", name, dll.name,
                               bad->reason);
        }
    }
    return {};
}

Refusal Loader::place(Module& module)
{
    size_t const pages = module.m_size >> hal::kPageShift;
    uintptr_t const base = m_space.room_for_image(m_next_base, module.m_size);
    if (base >= hal::kImagesHigh || module.m_size > hal::kImagesHigh - base)
        return refuse_with(kStatusInsufficientResources, "the addresses for images are used up");
    auto const first = ke::kernel().memory().allocate(pages);
    if (!first)
        return refuse_with(kStatusInsufficientResources, "physical memory has no {} pages in a row for it", pages);
    module.m_base = base;
    module.m_first_frame = *first;
    // One free page at least between two images: running off an image's end is not running into the next one.
    m_next_base = base + module.m_size + hal::kPageSize;
    m_space.add_image(base, module.m_size);
    ke::kernel().memory().map(base, *first, pages, Access::All);
    return {};
}

Refusal Loader::prepare(Module& module)
{
    std::span memory(reinterpret_cast<std::byte*>(module.m_base), module.m_size);
    if (auto bad = module.m_file.layout(memory, module.m_base))
        return bad;
    LoadConfig const& config = module.m_file.load_config();
    if (config.cookie_rva && config.cookie_has_default) {
        uint64_t const cookie = security_cookie(module.m_base);
        std::memcpy(module.at(*config.cookie_rva), &cookie, sizeof cookie);
    }
    if (auto bad = Binder(*this).bind(module))
        return bad;
    module.m_patches = m_patcher.patch(module.m_number, memory, module.m_file, m_options);
    return {};
}

void Loader::protect(Module& module)
{
    sim::host::set_access(module.m_base, module.m_size, Access::None);
    for (Protection const& part : module.m_file.protections())
        sim::host::set_access(module.m_base + part.rva, part.size, access_of(part));
}

// Which parts of it may be paged out.
void Loader::tell_paging(Module const& module)
{
    mm::ImagePaging::Image image { .base = module.m_base, .bytes = module.m_size };
    for (Protection const& part : module.m_file.protections())
        image.sections.push_back({ .name = part.name,
                                   .begin = module.m_base + part.rva,
                                   .bytes = part.size,
                                   .access = access_of(part),
                                   .pageable = part.pageable,
                                   .discardable = part.discardable,
                                   .executable = part.execute });
    if (mm::g_memory) // tests of this room may have none
        mm::memory().images.add(std::move(image));
}

void Loader::discard_init(Module& module)
{
    CHECK(module.m_loaded, "an unloaded module has nothing to discard");
    for (Protection const& part : module.m_file.protections())
        if (part.discardable) {
            if (mm::g_memory)
                mm::memory().images.discarded(module.m_base + part.rva);
            sim::host::set_access(module.m_base + part.rva, part.size, Access::None);
        }
}

// --- Unloading ---------------------------------------------------------------------------------------------------

Refusal Loader::why_not_unload(Module const& module) const
{
    for (auto const& other : m_modules)
        if (other->m_loaded && std::ranges::find(other->m_imports_from, &module) != other->m_imports_from.end())
            return refuse("{} still imports from it", other->m_name);
    return {};
}

void Loader::unload(Module& module)
{
    CHECK(module.m_loaded, "a module was unloaded twice");
    CHECK(!why_not_unload(module), "a module was unloaded while another one imports from it");
    auto& range = ke::kernel().images().at(module.m_image_index);
    range.unloaded = true;
    range.functions = {};
    take_away(module);
    module.m_file = {};
}

void Loader::take_away(Module& module)
{
    size_t const pages = module.m_size >> hal::kPageShift;
    m_patcher.forget(module.m_number);
    if (mm::g_memory)
        mm::memory().images.remove(module.m_base);
    ke::kernel().memory().unmap(module.m_base, pages);
    ke::kernel().memory().free(module.m_first_frame, pages);
    if (module.m_loaded)
        tell_debugger_unloaded(module);
    module.m_loaded = false;
}

// --- Looking -----------------------------------------------------------------------------------------------------

Module* Loader::find(std::string_view name) const
{
    for (auto const& module : m_modules)
        if (module->m_loaded && same_module(module->m_name, name))
            return module.get();
    return nullptr;
}

Module* Loader::find_at(uintptr_t address) const
{
    for (auto const& module : m_modules)
        if (module->m_loaded && module->contains(address))
            return module.get();
    return nullptr;
}

} // namespace ringside::ldr
