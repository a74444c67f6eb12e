// SPDX-License-Identifier: MIT
// The object namespace: directories (\, \Device, \Driver, \GLOBAL??, \Callback, \BaseNamedObjects, ...), symbolic
// links, names without case when OBJ_CASE_INSENSITIVE. \DosDevices leads to \??, and \?? to \GLOBAL??.
//
// A path is looked up component by component from the root, or from a directory given. A symbolic link on the way is
// replaced by its target and the walk begins again at the root. An object that parses names (a device, a key) ends the
// walk: what is left of the path is its business.
#pragma once

#include "ob/object.h"

#include <string_view>

namespace ringside::ob {

struct Lookup {
    void* body = nullptr;     // referenced for the caller
    Type* type = nullptr;
    std::u16string remaining; // what follows an object that parses its own names (a device): "\dir\file" or ""
};

// Where a name stands: absolute, or below `root` (a directory, or an object that parses names).
struct Name {
    void* root = nullptr;
    std::u16string_view path;
    bool case_insensitive = true;
};

// Follows directories and symbolic links (at most 64 times). STATUS_OBJECT_NAME_NOT_FOUND,
// STATUS_OBJECT_PATH_NOT_FOUND, STATUS_OBJECT_NAME_INVALID, STATUS_OBJECT_PATH_SYNTAX_BAD, STATUS_OBJECT_TYPE_MISMATCH
// as NT gives them.
Result<Lookup> look_up(Name const& name);
Result<Lookup> look_up(std::u16string_view path, bool case_insensitive);
// The symbolic link itself, where the last component names one.
Result<Lookup> look_up_link(Name const& name);

// Puts a nameless object into the namespace. STATUS_OBJECT_NAME_COLLISION, STATUS_OBJECT_PATH_NOT_FOUND, look_up's.
// A caller from user mode needs DIRECTORY_CREATE_OBJECT (or ..._SUBDIRECTORY); `security` is a self-relative descriptor
// that the creator gave.
struct Creator {
    void const* security = nullptr;
    bool checked = false;
};
Result<void> insert(void* body, Name const& name, bool permanent, Creator const& creator = {});
Result<void> insert(void* body, std::u16string_view path, bool case_insensitive, bool permanent);
// Takes the name away at once (IoDeleteDevice, IoDeleteSymbolicLink), with the reference of a permanent one.
void remove_name(void* body);
// The name goes with the last handle: now, when none is open (ObMakeTemporaryObject).
void make_temporary(void* body);

// A directory object, permanent. STATUS_OBJECT_NAME_COLLISION and look_up's errors.
Result<void> create_directory(std::u16string_view path);
// STATUS_OBJECT_NAME_COLLISION and look_up's errors. The link is permanent, as IoCreateSymbolicLink makes it.
Result<void> create_symbolic_link(std::u16string_view path, std::u16string_view target);
// STATUS_OBJECT_TYPE_MISMATCH when the name is not a link's.
Result<void> delete_symbolic_link(std::u16string_view path);
Result<std::u16string> symbolic_link_target(std::u16string_view path);
std::u16string const& target_of_link(void* body);

// Names directly in a directory, in order of birth: visit(context, name, body, type).
void for_each_in(std::u16string_view directory,
                 void (*visit)(void* context, std::u16string const& name, void* body, Type& type), void* context);

// Whether two names are the same without case; the upper case of a name.
bool same_name(std::u16string_view a, std::u16string_view b, bool case_insensitive);
std::u16string upper_case(std::u16string_view name);

} // namespace ringside::ob
