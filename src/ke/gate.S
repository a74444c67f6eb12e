# SPDX-License-Identifier: MIT
# The gate: every call of a driver into the kernel that may raise, block or call back enters here. It keeps the caller's
# Microsoft-convention non-volatile registers in a frame and links the frame into the running fiber's chain, so that a
# structured exception can step over host frames (phase 1) and unwind them as C++ (phase 2). The four register
# parameters go to their home slots, which makes a whole argument list one array of words. The light gate, below, is the
# same for the services of an IRP's path.
    .intel_syntax noprefix
    .text

# What both gates begin with: all of GateFrame above the vector registers.
    .macro keep_integers
    .cfi_startproc
    .cfi_personality 0x9b, DW.ref.ringside_gate_personality
    push rbp
    .cfi_def_cfa_offset 16
    .cfi_offset rbp, -16
    mov rbp, rsp
    .cfi_def_cfa_register rbp
    push rdi
    push rsi
    push rbx
    push r12
    push r13
    push r14
    push r15
    .cfi_offset rdi, -24
    .cfi_offset rsi, -32
    .cfi_offset rbx, -40
    .cfi_offset r12, -48
    .cfi_offset r13, -56
    .cfi_offset r14, -64
    .cfi_offset r15, -72
    .endm
# xmm6 to xmm15, from an address upwards.
    .macro store_vectors base, offset
    movaps [\base+\offset+0], xmm6
    movaps [\base+\offset+16], xmm7
    movaps [\base+\offset+32], xmm8
    movaps [\base+\offset+48], xmm9
    movaps [\base+\offset+64], xmm10
    movaps [\base+\offset+80], xmm11
    movaps [\base+\offset+96], xmm12
    movaps [\base+\offset+112], xmm13
    movaps [\base+\offset+128], xmm14
    movaps [\base+\offset+144], xmm15
    .endm
    .macro load_vectors base, offset
    movaps xmm6, [\base+\offset+0]
    movaps xmm7, [\base+\offset+16]
    movaps xmm8, [\base+\offset+32]
    movaps xmm9, [\base+\offset+48]
    movaps xmm10, [\base+\offset+64]
    movaps xmm11, [\base+\offset+80]
    movaps xmm12, [\base+\offset+96]
    movaps xmm13, [\base+\offset+112]
    movaps xmm14, [\base+\offset+128]
    movaps xmm15, [\base+\offset+144]
    .endm

# In:  r11 = ke::Import*, whose first word is the entry: uint64_t entry(uint64_t* arguments, Import*)
    .globl ringside_gate
    .type ringside_gate, @function
ringside_gate:
    keep_integers
    sub rsp, 184
    store_vectors rsp, 16
    mov [rbp+16], rcx
    mov [rbp+24], rdx
    mov [rbp+32], r8
    mov [rbp+40], r9
    mov rax, ringside_gate_head@GOTPCREL[rip]
    mov rcx, [rax]
    mov [rsp], rcx
    mov qword ptr [rsp+8], 0          # kind: gate
    mov [rax], rsp
    lea rdi, [rbp+16]
    mov rsi, r11
    cld
    call [r11]
    mov rdx, ringside_gate_head@GOTPCREL[rip]
    mov rcx, [rsp]
    mov [rdx], rcx
    load_vectors rsp, 16
    add rsp, 184
    pop r15
    pop r14
    pop r13
    pop r12
    pop rbx
    pop rsi
    pop rdi
    pop rbp
    .cfi_def_cfa rsp, 8
    ret
# Where the C++ runtime lands an exception that reached either gate: rax = _Unwind_Exception*, rbp = above its frame.
    .globl ringside_gate_landing
ringside_gate_landing:
    .cfi_def_cfa rbp, 16
    mov rdi, rax
    lea rsi, [rbp-240]
    call ringside_gate_landed
    ud2
    .cfi_endproc
    .size ringside_gate, .-ringside_gate

# The light gate (ke/gate.h): the same frame, without xmm6 to xmm15, and home slots for a service in the Microsoft
# convention, which gets the driver's arguments as they are.
# In:  r11 = ke::Import*, whose second word is the service
    .globl ringside_light_gate
    .type ringside_light_gate, @function
    .p2align 5
ringside_light_gate:
    keep_integers
    sub rsp, 216
    mov rax, ringside_gate_head@GOTPCREL[rip]
    mov r10, [rax]
    mov [rsp+32], r10
    mov qword ptr [rsp+40], 1         # kind: light gate
    lea r10, [rsp+32]
    mov [rax], r10
    call [r11+8]
    mov rdx, ringside_gate_head@GOTPCREL[rip]
    mov rcx, [rsp+32]
    mov [rdx], rcx
    # The service kept the other registers, as every callee of its convention does.
    leave
    .cfi_def_cfa rsp, 8
    ret
    .cfi_endproc
    .size ringside_light_gate, .-ringside_light_gate

# uint64_t ringside_outside(void* function, first, second, third), Microsoft convention: calls the host function with
# the three words. xmm6 to xmm15 stand meanwhile in the newest gate's frame, when that is a light one, which is a full
# one for as long; else in this frame.
    .globl ringside_outside
    .type ringside_outside, @function
ringside_outside:
    .cfi_startproc
    push rbp
    .cfi_def_cfa_offset 16
    .cfi_offset rbp, -16
    mov rbp, rsp
    .cfi_def_cfa_register rbp
    push rdi
    push rsi
    .cfi_offset rdi, -24
    .cfi_offset rsi, -32
    sub rsp, 176
    mov r10, rsp
    xor r11d, r11d
    mov rax, ringside_gate_head@GOTPCREL[rip]
    mov rax, [rax]
    test rax, rax
    jz 1f
    cmp qword ptr [rax+8], 1
    jne 1f
    mov qword ptr [rax+8], 0
    lea r10, [rax+16]
    mov r11, rax
1:  mov [rbp-24], r10
    mov [rbp-32], r11
    store_vectors r10, 0
    mov rax, rcx
    mov rdi, rdx
    mov rsi, r8
    mov rdx, r9
    cld
    call rax
    mov r10, [rbp-24]
    mov r11, [rbp-32]
    load_vectors r10, 0
    test r11, r11
    jz 2f
    mov qword ptr [r11+8], 1
2:  mov rsi, [rbp-16]
    mov rdi, [rbp-8]
    leave
    .cfi_def_cfa rsp, 8
    ret
    .cfi_endproc
    .size ringside_outside, .-ringside_outside

# [[noreturn]] void ringside_restore_context(CONTEXT const*): continues exactly there.
    .globl ringside_restore_context
    .type ringside_restore_context, @function
ringside_restore_context:
    movaps xmm0, [rdi+0x1A0]
    movaps xmm1, [rdi+0x1B0]
    movaps xmm2, [rdi+0x1C0]
    movaps xmm3, [rdi+0x1D0]
    movaps xmm4, [rdi+0x1E0]
    movaps xmm5, [rdi+0x1F0]
    movaps xmm6, [rdi+0x200]
    movaps xmm7, [rdi+0x210]
    movaps xmm8, [rdi+0x220]
    movaps xmm9, [rdi+0x230]
    movaps xmm10, [rdi+0x240]
    movaps xmm11, [rdi+0x250]
    movaps xmm12, [rdi+0x260]
    movaps xmm13, [rdi+0x270]
    movaps xmm14, [rdi+0x280]
    movaps xmm15, [rdi+0x290]
    ldmxcsr [rdi+0x34]
    mov rax, [rdi+0x78]
    mov rdx, [rdi+0x88]
    mov rbx, [rdi+0x90]
    mov rbp, [rdi+0xA0]
    mov rsi, [rdi+0xA8]
    mov r8, [rdi+0xB8]
    mov r9, [rdi+0xC0]
    mov r10, [rdi+0xC8]
    mov r12, [rdi+0xD8]
    mov r13, [rdi+0xE0]
    mov r14, [rdi+0xE8]
    mov r15, [rdi+0xF0]
    # The Microsoft convention has no red zone, so the words below the new stack pointer are free.
    mov rcx, [rdi+0x98]
    mov r11, [rdi+0xF8]
    mov [rcx-8], r11                  # rip
    mov r11, [rdi+0x80]
    mov [rcx-16], r11                 # rcx
    mov r11d, [rdi+0x44]
    mov [rcx-24], r11                 # eflags
    mov r11, [rdi+0xD0]
    mov rdi, [rdi+0xB0]
    lea rsp, [rcx-24]
    popfq
    pop rcx
    ret
    .size ringside_restore_context, .-ringside_restore_context

# size_t ringside_copy_guarded(void* to, void const* from, size_t bytes): copies, returns the bytes that were not copied
# because an access faulted. The fault handler knows the two labels.
    .globl ringside_copy_guarded, ringside_copy_guarded_fault, ringside_copy_guarded_end
    .type ringside_copy_guarded, @function
ringside_copy_guarded:
    .cfi_startproc
    mov rcx, rdx
    cmp rcx, 8
    jne 1f
.Lguarded_word:
    mov rax, [rsi]
    mov [rdi], rax
    xor eax, eax
    ret
1:  rep movsb
    xor eax, eax
    ret
ringside_copy_guarded_fault:
    mov rax, rcx
    ret
ringside_copy_guarded_end:
    .cfi_endproc
    .size ringside_copy_guarded, .-ringside_copy_guarded

    .globl ringside_fill_guarded, ringside_fill_guarded_fault, ringside_fill_guarded_end
    .type ringside_fill_guarded, @function
# size_t ringside_fill_guarded(void* to, int value, size_t bytes)
ringside_fill_guarded:
    .cfi_startproc
    mov rcx, rdx
    mov eax, esi
    rep stosb
    xor eax, eax
    ret
ringside_fill_guarded_fault:
    mov rax, rcx
    ret
ringside_fill_guarded_end:
    .cfi_endproc
    .size ringside_fill_guarded, .-ringside_fill_guarded

# Entered in place of a driver's instruction by the alarm's handler, which pushed the interrupted rip: keeps every
# register and flag, gives the turn away, and goes on.
    .globl ringside_preempt
    .type ringside_preempt, @function
ringside_preempt:
    pushfq
    cld
    push rax
    push rcx
    push rdx
    push rbx
    push rbp
    push rsi
    push rdi
    push r8
    push r9
    push r10
    push r11
    push r12
    push r13
    push r14
    push r15
    mov rbp, rsp
    sub rsp, 4096
    and rsp, -64
    xor ecx, ecx
    mov [rsp+512], rcx
    mov [rsp+520], rcx
    mov [rsp+528], rcx
    mov [rsp+536], rcx
    mov [rsp+544], rcx
    mov [rsp+552], rcx
    mov [rsp+560], rcx
    mov [rsp+568], rcx
    mov eax, -1
    mov edx, -1
    xsavec64 [rsp]
    mov rdi, rbp
    call ringside_preempted
    mov eax, -1
    mov edx, -1
    xrstor64 [rsp]
    mov rsp, rbp
    pop r15
    pop r14
    pop r13
    pop r12
    pop r11
    pop r10
    pop r9
    pop r8
    pop rdi
    pop rsi
    pop rbp
    pop rbx
    pop rdx
    pop rcx
    pop rax
    popfq
    ret
    .size ringside_preempt, .-ringside_preempt

    .hidden DW.ref.ringside_gate_personality
    .weak DW.ref.ringside_gate_personality
    .section .data.rel.local.DW.ref.ringside_gate_personality,"awG",@progbits,DW.ref.ringside_gate_personality,comdat
    .align 8
DW.ref.ringside_gate_personality:
    .quad ringside_gate_personality
    .section .note.GNU-stack,"",@progbits
