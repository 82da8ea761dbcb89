// SPDX-License-Identifier: GPL-2.0-only
/*
 * How much kernel memory one thread has allocated and not yet freed: slab
 * objects by their address, pages by their number.  What was allocated before
 * the watch began is not known here, and its end not counted.
 */
#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>

#define CORE __attribute__((preserve_access_index))
#define PAGE_SIZE 4096

/* As much of the tracepoints' records as is read here. */
struct trace_event_raw_kmalloc {
	const void *ptr;
	__u64 bytes_alloc;
} CORE;

struct trace_event_raw_kmem_cache_alloc {
	const void *ptr;
	__u64 bytes_alloc;
} CORE;

struct trace_event_raw_kfree {
	const void *ptr;
} CORE;

struct trace_event_raw_kmem_cache_free {
	const void *ptr;
} CORE;

struct trace_event_raw_mm_page_alloc {
	unsigned long pfn;
	unsigned int order;
} CORE;

struct trace_event_raw_mm_page_free {
	unsigned long pfn;
	unsigned int order;
} CORE;

char LICENSE[] SEC("license") = "GPL";

/* The thread that is watched; 0 between two watches. */
unsigned long long watched;
unsigned long long held;
unsigned long long peak;

/* Address of an object, or number of a page with the lowest bit set. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, __u64);
	__type(value, __u64);
} sizes SEC(".maps");

static int allocated(__u64 key, __u64 size)
{
	if (!watched || (__u32)bpf_get_current_pid_tgid() != watched || !key)
		return 0;
	if (bpf_map_update_elem(&sizes, &key, &size, BPF_ANY))
		return 0;
	held += size;
	if (held > peak)
		peak = held;
	return 0;
}

/* Another task may free it, such as one that works off RCU callbacks. */
static int freed(__u64 key)
{
	__u64 *size;

	if (!watched)
		return 0;
	size = bpf_map_lookup_elem(&sizes, &key);
	if (!size)
		return 0;
	__sync_fetch_and_sub(&held, *size);
	bpf_map_delete_elem(&sizes, &key);
	return 0;
}

SEC("tp/kmem/kmalloc")
int on_kmalloc(struct trace_event_raw_kmalloc *ctx)
{
	return allocated((__u64)ctx->ptr, ctx->bytes_alloc);
}

SEC("tp/kmem/kmem_cache_alloc")
int on_cache_alloc(struct trace_event_raw_kmem_cache_alloc *ctx)
{
	return allocated((__u64)ctx->ptr, ctx->bytes_alloc);
}

SEC("tp/kmem/mm_page_alloc")
int on_page_alloc(struct trace_event_raw_mm_page_alloc *ctx)
{
	return allocated(ctx->pfn << 1 | 1, (__u64)PAGE_SIZE << ctx->order);
}

SEC("tp/kmem/kfree")
int on_kfree(struct trace_event_raw_kfree *ctx)
{
	return freed((__u64)ctx->ptr);
}

SEC("tp/kmem/kmem_cache_free")
int on_cache_free(struct trace_event_raw_kmem_cache_free *ctx)
{
	return freed((__u64)ctx->ptr);
}

SEC("tp/kmem/mm_page_free")
int on_page_free(struct trace_event_raw_mm_page_free *ctx)
{
	return freed(ctx->pfn << 1 | 1);
}
