// SPDX-License-Identifier: MIT
// What room ob asks of this one, and the defaults of objects that nobody gave a descriptor.
#pragma once

#include "ob/object.h"
#include "se/access_check.h"
#include "se/assign.h"

namespace ringside::se {

void hook_objects();
void unhook_objects();

// Replaces an object's descriptor. STATUS_INSUFFICIENT_RESOURCES, STATUS_NO_SECURITY_ON_OBJECT.
Result<void> set_object_descriptor(void* body, Descriptor const& descriptor);
// Null: the object has none.
std::optional<Descriptor> object_descriptor(void* body);

// Everybody may read, write and execute; the system and administrators may do everything; restricted code may read and
// execute. What a device gets that its driver names without saying more.
Descriptor default_device_descriptor();
// Gives an object the descriptor that this token's default list makes (processes, threads, tokens).
Result<void> assign_default(void* body, Token const& token);

} // namespace ringside::se
