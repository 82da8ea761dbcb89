// SPDX-License-Identifier: GPL-2.0-only
/*
 * usage: calls ADDRESS N BYTES
 *
 * N calls of a gRPC server by a client in another process, one after the other, the
 * request and the answer of so many bytes.  ADDRESS is unix:PATH or HOST:PORT.
 * Prints the nanoseconds that one took, after some to warm up.
 *
 * The calls are generic ones, so that there is nothing to compile for them.
 */
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

using grpc::ByteBuffer;
using grpc::Status;

static constexpr char METHOD[] = "/bench/call";

/* Answers each request with what it brought. */
class Answer : public grpc::ServerGenericBidiReactor {
public:
	Answer() { StartRead(&bytes_); }
	void OnReadDone(bool ok) override
	{
		if (ok)
			StartWriteAndFinish(&bytes_, grpc::WriteOptions(),
					    Status::OK);
		else
			Finish(Status::OK);
	}
	void OnDone() override { delete this; }

private:
	ByteBuffer bytes_;
};

class Service : public grpc::CallbackGenericService {
public:
	grpc::ServerGenericBidiReactor *
	CreateReactor(grpc::GenericCallbackServerContext *) override
	{
		return new Answer;
	}
};

static void serve(const char *address)
{
	Service service;
	grpc::ServerBuilder builder;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	builder.AddListeningPort(address, grpc::InsecureServerCredentials());
	builder.RegisterCallbackGenericService(&service);
	std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
	if (!server)
		_exit(1);
	server->Wait();
}

static void call(grpc::GenericStub *stub, grpc::CompletionQueue *queue,
		 const ByteBuffer &request)
{
	grpc::ClientContext context;
	ByteBuffer answer;
	Status status;
	void *tag;
	bool ok = false;

	context.set_wait_for_ready(true);
	auto under_way = stub->PrepareUnaryCall(&context, METHOD, request, queue);
	under_way->StartCall();
	under_way->Finish(&answer, &status, &answer);
	if (!queue->Next(&tag, &ok) || !ok || !status.ok() ||
	    answer.Length() != request.Length()) {
		std::fprintf(stderr, "calls: %s\n",
			     status.error_message().c_str());
		std::exit(1);
	}
}

int main(int argc, char **argv)
{
	if (argc != 4) {
		std::fputs("usage: calls ADDRESS N BYTES\n", stderr);
		return 2;
	}
	const long n = std::atol(argv[2]);
	const pid_t server = fork();

	if (!server)
		serve(argv[1]);
	grpc::GenericStub stub(
		grpc::CreateChannel(argv[1], grpc::InsecureChannelCredentials()));
	grpc::CompletionQueue queue;
	grpc::Slice slice(std::string(std::atol(argv[3]), 'x'));
	const ByteBuffer request(&slice, 1);

	for (long i = 0; i < 500; i++)
		call(&stub, &queue, request);
	const auto start = std::chrono::steady_clock::now();
	for (long i = 0; i < n; i++)
		call(&stub, &queue, request);
	const std::chrono::duration<double, std::nano> took =
		std::chrono::steady_clock::now() - start;
	std::printf("%.1f\n", took.count() / n);
	kill(server, SIGKILL);
	waitpid(server, nullptr, 0);
	return 0;
}
