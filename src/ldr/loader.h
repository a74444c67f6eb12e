// SPDX-License-Identifier: MIT
// Loads driver images: parses the file, gives it frames and a base, lays it out, sets the security cookie, binds its
// imports, patches what cannot run in user mode, protects its sections, and makes it known to the unwinder.
//
//     load ------> Loaded --discard_init--> Loaded, INIT gone --unload--> Unloaded
//       |                                                                 (its range stays without access)
//       +--> a sentence why not; nothing is left behind
//
//   L1  bases rise from hal::kImages and are never used again: running in an unloaded image is seen for what it is
//   L2  no byte of the image runs before its cookie is set and its imports are bound
//   L3  a module that another one imports from is unloaded after it
//   L4  circles of imports are refused; each import is bound to what it names or to a stop that names it
#pragma once

#include "hal/physical.h"
#include "ldr/exports.h"
#include "ldr/patch.h"

#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace ringside::ldr {

// An import as it was bound: for reports.
struct BoundImport {
    std::string dll;
    std::string name; // "#12" by ordinal
    Served served;    // Works for another driver's export
};

class Module {
public:
    uint32_t number() const { return m_number; }
    std::string const& name() const { return m_name; } // "toaster.sys"
    std::string const& path() const { return m_path; } // on the host; may be empty
    uintptr_t base() const { return m_base; }
    size_t size() const { return m_size; }
    bool contains(uintptr_t address) const { return address - m_base < m_size; }
    bool loaded() const { return m_loaded; }
    // Null for an export driver without one.
    void* entry_point() const { return m_file.entry_point() ? at(m_file.entry_point()) : nullptr; }
    // Of this module itself; null for a name it does not export or forwards elsewhere.
    void* exported(std::string_view name) const;

    PeFile const& file() const { return m_file; } // empty once unloaded
    std::vector<BoundImport> const& imports() const { return m_bound; }
    // The modules it imports from, without repetition, in the order of its import table.
    std::vector<Module*> const& imports_from() const { return m_imports_from; }
    PatchReport const& patches() const { return m_patches; }

private:
    friend class Loader;
    friend class Binder;
    void* at(uint32_t rva) const { return reinterpret_cast<void*>(m_base + rva); }

    uint32_t m_number = 0;
    std::string m_name;
    std::string m_path;
    PeFile m_file;
    uintptr_t m_base = 0;
    size_t m_size = 0;
    hal::Pfn m_first_frame = 0;
    size_t m_image_index = 0; // in the kernel's function table
    bool m_loaded = false;
    std::vector<BoundImport> m_bound;
    std::vector<Module*> m_imports_from;
    PatchReport m_patches;
};

// A driver that another one imports from, found by the machine: a file beside the importing one, for instance.
struct ImageFile {
    std::string name;
    std::string path;
    std::vector<std::byte> bytes;
};
class ImageFinder {
public:
    virtual ~ImageFinder() = default;
    virtual std::optional<ImageFile> find(std::string_view dll) = 0;
};

// A loaded module, or why the file was refused.
class [[nodiscard]] LoadResult {
public:
    LoadResult(Module& module) : m_state(&module) {}
    LoadResult(BadImage bad) : m_state(std::move(bad)) {}
    bool ok() const { return m_state.index() == 0; }
    explicit operator bool() const { return ok(); }
    Module& module() const;
    BadImage const& bad() const;

private:
    std::variant<Module*, BadImage> m_state;
};

class Loader {
public:
    // The kernel must be live; the table must outlive the loader. The options are of every image it will load.
    explicit Loader(ExportTable& exports, SweepOptions options = {});
    ~Loader();
    Loader(Loader const&) = delete;
    Loader& operator=(Loader const&) = delete;

    // Loads the bytes of a file. Drivers it imports from that are not loaded yet are asked of the finder and loaded
    // first (newly_loaded() names them); without one, or if it does not know them, their functions are named stops.
    LoadResult load(std::string name, std::string path, std::span<std::byte const> bytes,
                    ImageFinder* finder = nullptr);
    // The modules of the last successful load, dependencies before those who need them; the last is the one asked for.
    std::vector<Module*> const& newly_loaded() const { return m_new; }

    // Frees what is only needed for initialization: discardable sections lose all access.
    void discard_init(Module& module);

    // Nothing: it may be unloaded. Else who still imports from it, in a sentence.
    Refusal why_not_unload(Module const& module) const;
    void unload(Module& module);

    std::vector<std::unique_ptr<Module>> const& modules() const { return m_modules; } // by birth, unloaded ones too
    Module* find(std::string_view name) const; // loaded ones only
    Module* find_at(uintptr_t address) const;  // the same

private:
    friend class Binder;
    struct Loading;
    Refusal load_one(Loading& loading, ImageFile file);
    Refusal load_imports(Loading& loading, PeFile const& file, std::string const& name);
    Refusal place(Module& module);
    Refusal prepare(Module& module);
    void protect(Module& module);
    void tell_paging(Module const& module);
    void take_away(Module& module);

    ExportTable& m_exports;
    SweepOptions m_options;
    TrampolineSpace m_space;
    Patcher m_patcher;
    std::vector<std::unique_ptr<Module>> m_modules;
    std::vector<Module*> m_new;
    uint32_t m_born = 0;
    uintptr_t m_next_base = hal::kImages;
};

// The live machine's loader; null while none is.
extern Loader* g_loader;

} // namespace ringside::ldr
