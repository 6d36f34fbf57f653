// Sessions over TensorFlow's C API: graphs from memory, thread counts per session, runs on this thread or another.
//
// tfjs-node's addon passes empty session options, reads graphs from a folder only, looks feeds and fetches up by name on
// every run, and has no run that leaves the event loop free. A session here is made once for fixed feeds and fetches;
// training makes several over the same variables.
// Beside them, the reader of JSON numbers that feeds them, and the check that they are finite.
#include <node_api.h>
#include <tensorflow/c/c_api.h>

#include <cstring>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "lots.h"
#include "numbers.h"

#ifdef __linux__
// tensorflow::LocalDevice::use_global_threadpool_. While it is false, a new session's device gets threads of its own
// instead of the process's, so that one process can hold sessions for short and for long runs. Weak: without it,
// sessions share the threads of the first.
extern bool useGlobalThreads __asm__("_ZN10tensorflow11LocalDevice22use_global_threadpool_E") __attribute__((weak));
#endif

namespace {

struct Failure {
  std::string message;
};

// Frees what TensorFlow allocated when its owner goes out of scope.
template <auto Free>
struct Freeing {
  template <typename T>
  void operator()(T* value) const {
    Free(value);
  }
};
using Status = std::unique_ptr<TF_Status, Freeing<TF_DeleteStatus>>;
using Tensor = std::unique_ptr<TF_Tensor, Freeing<TF_DeleteTensor>>;
using Options = std::unique_ptr<TF_SessionOptions, Freeing<TF_DeleteSessionOptions>>;
using ImportOptions = std::unique_ptr<TF_ImportGraphDefOptions, Freeing<TF_DeleteImportGraphDefOptions>>;
using Buffer = std::unique_ptr<TF_Buffer, Freeing<TF_DeleteBuffer>>;

void check(const Status& status) {
  if (TF_GetCode(status.get()) != TF_OK) throw Failure{TF_Message(status.get())};
}

void check(napi_status status, const char* what) {
  if (status != napi_ok) throw Failure{std::string("The session was called wrongly: ") + what};
}

// A loaded graph and the state of its variables.
struct Loaded {
  TF_Graph* graph = TF_NewGraph();
  TF_Session* session = nullptr;

  ~Loaded() {
    if (session != nullptr) {
      Status status(TF_NewStatus());
      TF_DeleteSession(session, status.get());
    }
    TF_DeleteGraph(graph);
  }
};

// One way into it: what is fed and what is fetched. It lives as long as the last of its ways.
struct Session {
  std::shared_ptr<Loaded> loaded = std::make_shared<Loaded>();
  std::vector<TF_Output> feeds;
  std::vector<TF_Output> fetches;
};
// A run under way keeps its session although it was closed meanwhile.
using Shared = std::shared_ptr<Session>;

using Tensors = std::vector<Tensor>;

struct Bytes {
  void* data = nullptr;
  size_t length = 0;
};

Bytes bytesOf(napi_env env, napi_value value) {
  Bytes bytes;
  bool typed = false;
  check(napi_is_typedarray(env, value, &typed), "bytes");
  if (!typed) throw Failure{"The session was called wrongly: a tensor's data must be a typed array"};
  napi_typedarray_type type;
  size_t length = 0;
  check(napi_get_typedarray_info(env, value, &type, &length, &bytes.data, nullptr, nullptr), "bytes");
  const bool wide = type == napi_float32_array || type == napi_int32_array || type == napi_uint32_array;
  const bool wider = type == napi_float64_array || type == napi_bigint64_array || type == napi_biguint64_array;
  bytes.length = length * (wide ? 4 : wider ? 8 : (type == napi_int16_array || type == napi_uint16_array) ? 2 : 1);
  return bytes;
}

std::string textOf(napi_env env, napi_value value) {
  size_t length = 0;
  check(napi_get_value_string_utf8(env, value, nullptr, 0, &length), "text");
  std::string text(length, '\0');
  check(napi_get_value_string_utf8(env, value, text.data(), length + 1, &length), "text");
  return text;
}

uint32_t lengthOf(napi_env env, napi_value list) {
  uint32_t length = 0;
  check(napi_get_array_length(env, list, &length), "list");
  return length;
}

napi_value elementOf(napi_env env, napi_value list, uint32_t index) {
  napi_value value;
  check(napi_get_element(env, list, index, &value), "element");
  return value;
}

std::vector<TF_Output> outputsOf(napi_env env, TF_Graph* graph, napi_value names) {
  std::vector<TF_Output> outputs;
  for (uint32_t i = 0; i < lengthOf(env, names); i++) {
    const std::string name = textOf(env, elementOf(env, names, i));
    const size_t colon = name.rfind(':');
    const std::string operation = name.substr(0, colon);
    const int index = colon == std::string::npos ? 0 : std::atoi(name.c_str() + colon + 1);
    TF_Operation* found = TF_GraphOperationByName(graph, operation.c_str());
    if (found == nullptr || index < 0 || index >= TF_OperationNumOutputs(found)) {
      throw Failure{"The graph has no tensor " + name};
    }
    outputs.push_back({found, index});
  }
  return outputs;
}

Shared& handleOf(napi_env env, napi_value value) {
  void* handle = nullptr;
  check(napi_get_value_external(env, value, &handle), "session");
  Shared& shared = *static_cast<Shared*>(handle);
  if (shared == nullptr) throw Failure{"The session is closed"};
  return shared;
}

napi_value newHandle(napi_env env, Shared shared) {
  napi_value handle;
  auto* kept = new Shared(std::move(shared));
  const auto release = [](napi_env, void* data, void*) { delete static_cast<Shared*>(data); };
  if (napi_create_external(env, kept, release, nullptr, &handle) != napi_ok) {
    delete kept;
    throw Failure{"No memory for the session"};
  }
  return handle;
}

// Runs `body`; what it throws becomes a JavaScript error.
template <typename Body>
napi_value guarded(napi_env env, napi_callback_info info, Body body) {
  try {
    size_t count = 5;
    napi_value arguments[5] = {};
    check(napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr), "arguments");
    return body(arguments);
  } catch (const Failure& failure) {
    napi_throw_error(env, nullptr, failure.message.c_str());
    return nullptr;
  }
}

// The switch, or none where there is none.
bool* threadSwitch() {
#ifdef __linux__
  return &useGlobalThreads;
#else
  return nullptr;
#endif
}

// One at a time, since whether the threads are its own is one switch of the whole process.
TF_Session* newSession(TF_Graph* graph, const Options& options, bool ownThreads, const Status& status) {
  static std::mutex mutex;
  const std::lock_guard<std::mutex> lock(mutex);
  bool* const global = ownThreads ? threadSwitch() : nullptr;
  if (global != nullptr) *global = false;
  TF_Session* session = TF_NewSession(graph, options.get(), status.get());
  if (global != nullptr) *global = true;
  return session;
}

// open(graphDef, configProto, feeds, fetches, ownThreads): session
napi_value open(napi_env env, napi_callback_info info) {
  return guarded(env, info, [&](napi_value* arguments) {
    const Bytes graph = bytesOf(env, arguments[0]);
    const Bytes config = bytesOf(env, arguments[1]);
    bool ownThreads = false;
    check(napi_get_value_bool(env, arguments[4], &ownThreads), "ownThreads");
    Status status(TF_NewStatus());
    auto shared = std::make_shared<Session>();

    Buffer buffer(TF_NewBuffer());
    buffer->data = graph.data;
    buffer->length = graph.length;
    buffer->data_deallocator = nullptr;
    ImportOptions importing(TF_NewImportGraphDefOptions());
    Loaded& loaded = *shared->loaded;
    TF_GraphImportGraphDef(loaded.graph, buffer.get(), importing.get(), status.get());
    check(status);
    shared->feeds = outputsOf(env, loaded.graph, arguments[2]);
    shared->fetches = outputsOf(env, loaded.graph, arguments[3]);

    Options options(TF_NewSessionOptions());
    TF_SetConfig(options.get(), config.data, config.length, status.get());
    check(status);
    loaded.session = newSession(loaded.graph, options, ownThreads, status);
    check(status);
    return newHandle(env, std::move(shared));
  });
}

// also(session, feeds, fetches): another session over the same graph and variables
napi_value also(napi_env env, napi_callback_info info) {
  return guarded(env, info, [&](napi_value* arguments) {
    auto shared = std::make_shared<Session>(*handleOf(env, arguments[0]));
    shared->feeds = outputsOf(env, shared->loaded->graph, arguments[1]);
    shared->fetches = outputsOf(env, shared->loaded->graph, arguments[2]);
    return newHandle(env, std::move(shared));
  });
}

// close(session): frees it now, or when the last run under way is over.
napi_value close(napi_env env, napi_callback_info info) {
  return guarded(env, info, [&](napi_value* arguments) -> napi_value {
    handleOf(env, arguments[0]).reset();
    return nullptr;
  });
}

Tensor textTensor(napi_env env, const std::vector<int64_t>& shape, napi_value texts) {
  const uint32_t count = lengthOf(env, texts);
  Tensor tensor(TF_AllocateTensor(TF_STRING, shape.data(), static_cast<int>(shape.size()), count * sizeof(TF_TString)));
  auto* strings = static_cast<TF_TString*>(TF_TensorData(tensor.get()));
  for (uint32_t i = 0; i < count; i++) TF_TString_Init(&strings[i]);
  for (uint32_t i = 0; i < count; i++) {
    const Bytes bytes = bytesOf(env, elementOf(env, texts, i));
    TF_TString_Copy(&strings[i], static_cast<const char*>(bytes.data), bytes.length);
  }
  return tensor;
}

// One input as JavaScript holds it, or a tensor of its texts.
struct Given {
  TF_DataType type;
  std::vector<int64_t> shape;
  Bytes bytes;
  Tensor texts;
};

Given givenOf(napi_env env, const Session& session, napi_value data, napi_value shapes, uint32_t i) {
  Given given{TF_OperationOutputType(session.feeds[i]), {}, {}, nullptr};
  size_t elements = 1;
  const napi_value value = elementOf(env, data, i), sizes = elementOf(env, shapes, i);
  for (uint32_t axis = 0; axis < lengthOf(env, sizes); axis++) {
    int64_t size = 0;
    check(napi_get_value_int64(env, elementOf(env, sizes, axis), &size), "size");
    if (size < 0) throw Failure{"The session was called wrongly: a size is negative"};
    given.shape.push_back(size);
    elements *= static_cast<size_t>(size);
  }
  if (given.type == TF_STRING) {
    if (lengthOf(env, value) != elements) throw Failure{"The session was called wrongly: texts do not fill the shape"};
    given.texts = textTensor(env, given.shape, value);
    return given;
  }
  given.bytes = bytesOf(env, value);
  const size_t wanted = elements * TF_DataTypeSize(given.type);
  if (given.bytes.length != wanted) {
    throw Failure{"Input " + std::to_string(i) + " has " + std::to_string(given.bytes.length) +
                  " bytes; its shape takes " + std::to_string(wanted)};
  }
  return given;
}

// All inputs, of which each has a row or more for each of `parts` lots.
std::vector<Given> givensOf(napi_env env, const Session& session, napi_value data, napi_value shapes, size_t parts) {
  if (lengthOf(env, data) != session.feeds.size() || lengthOf(env, shapes) != session.feeds.size()) {
    throw Failure{"The session takes " + std::to_string(session.feeds.size()) + " tensors"};
  }
  std::vector<Given> all;
  for (uint32_t i = 0; i < session.feeds.size(); i++) {
    const Given& given = all.emplace_back(givenOf(env, session, data, shapes, i));
    if (given.texts != nullptr) {
      if (parts > 1) throw Failure{"The session was called wrongly: texts cannot be dealt out"};
      continue;
    }
    const int64_t rows = given.shape.empty() ? 1 : given.shape[0];
    if (static_cast<int64_t>(parts) > rows) throw Failure{"The session was called wrongly: more parts than rows"};
  }
  return all;
}

// Copies what JavaScript holds: TensorFlow wants its own alignment, and a run on another thread its own memory.
// Rows are dealt out evenly; each lot is asked for once.
Tensors lotOf(std::vector<Given>& given, size_t part, size_t parts) {
  Tensors lot;
  for (auto& [type, all, bytes, texts] : given) {
    if (texts != nullptr) {
      lot.push_back(std::move(texts));
      continue;
    }
    const size_t rows = all.empty() ? 1 : all[0];
    const size_t from = rows * part / parts, to = rows * (part + 1) / parts;
    const size_t rowBytes = rows == 0 ? 0 : bytes.length / rows, length = (to - from) * rowBytes;
    std::vector<int64_t> shape = all;
    if (!shape.empty()) shape[0] = static_cast<int64_t>(to - from);
    Tensor tensor(TF_AllocateTensor(type, shape.data(), static_cast<int>(shape.size()), length));
    if (tensor == nullptr) throw Failure{"No memory for the inputs"};
    std::memcpy(TF_TensorData(tensor.get()), static_cast<char*>(bytes.data) + from * rowBytes, length);
    lot.push_back(std::move(tensor));
  }
  return lot;
}

// Throws Failure with TensorFlow's own words.
Tensors runNow(const Session& session, const Tensors& inputs) {
  std::vector<TF_Tensor*> in;
  for (const Tensor& input : inputs) in.push_back(input.get());
  std::vector<TF_Tensor*> out(session.fetches.size(), nullptr);
  Status status(TF_NewStatus());
  TF_SessionRun(session.loaded->session, nullptr, session.feeds.data(), in.data(), static_cast<int>(in.size()),
                session.fetches.data(), out.data(), static_cast<int>(out.size()), nullptr, 0, nullptr, status.get());
  Tensors results;
  for (TF_Tensor* tensor : out) results.emplace_back(tensor);
  check(status);
  return results;
}

napi_typedarray_type arrayType(TF_DataType type) {
  switch (type) {
    case TF_FLOAT:
      return napi_float32_array;
    case TF_INT32:
      return napi_int32_array;
    case TF_BOOL:
    case TF_UINT8:
      return napi_uint8_array;
    case TF_INT64:
      return napi_bigint64_array;
    default:
      throw Failure{"The session answers with TensorFlow's dtype number " + std::to_string(type) +
                    ", which is not carried to JavaScript"};
  }
}

// What the lots give, each on a thread of its own, the first to begin on this one. `inputsOf` gives each lot once.
template <typename InputsOf>
std::vector<Tensors> runLots(const Session& session, size_t lots, InputsOf inputsOf) {
  std::vector<Tensors> results(lots);
  std::vector<std::string> failures(lots);
  std::vector<char> failed(lots, 0);
  maas::runLots(lots, [&](size_t lot) {
    try {
      results[lot] = runNow(session, inputsOf(lot));
    } catch (const Failure& failure) {
      failed[lot] = 1;
      failures[lot] = failure.message;
    }
  });
  for (size_t lot = 0; lot < lots; lot++) {
    if (failed[lot]) throw Failure{failures[lot]};
  }
  return results;
}

// [{ dtype, shape, data }] in the order of the fetches; the rows of all lots one after another.
napi_value valuesOf(napi_env env, const std::vector<Tensors>& lots) {
  napi_value list;
  const size_t outputs = lots[0].size();
  check(napi_create_array_with_length(env, outputs, &list), "results");
  for (uint32_t i = 0; i < outputs; i++) {
    const TF_Tensor* first = lots[0][i].get();
    const TF_DataType type = TF_TensorType(first);
    const int rank = TF_NumDims(first);
    int64_t rows = 0;
    size_t length = 0;
    for (const Tensors& lot : lots) {
      const TF_Tensor* tensor = lot[i].get();
      bool same = TF_NumDims(tensor) == rank;
      for (int axis = 1; same && axis < rank; axis++) same = TF_Dim(tensor, axis) == TF_Dim(first, axis);
      if (lots.size() > 1 && (!same || rank == 0)) throw Failure{"The session's rows do not stand for themselves"};
      rows += rank == 0 ? 0 : TF_Dim(tensor, 0);
      length += TF_TensorByteSize(tensor);
    }
    napi_value shape, buffer, data, dtype, result;
    check(napi_create_array_with_length(env, rank, &shape), "shape");
    for (int axis = 0; axis < rank; axis++) {
      napi_value size;
      check(napi_create_int64(env, axis == 0 ? rows : TF_Dim(first, axis), &size), "size");
      check(napi_set_element(env, shape, axis, size), "size");
    }
    void* content = nullptr;
    const napi_typedarray_type kind = arrayType(type);
    check(napi_create_arraybuffer(env, length, &content, &buffer), "memory for the results");
    size_t at = 0;
    for (const Tensors& lot : lots) {
      const size_t bytes = TF_TensorByteSize(lot[i].get());
      if (bytes > 0) std::memcpy(static_cast<char*>(content) + at, TF_TensorData(lot[i].get()), bytes);
      at += bytes;
    }
    check(napi_create_typedarray(env, kind, length / TF_DataTypeSize(type), buffer, 0, &data), "data");
    check(napi_create_int32(env, type, &dtype), "dtype");
    check(napi_create_object(env, &result), "result");
    check(napi_set_named_property(env, result, "dtype", dtype), "result");
    check(napi_set_named_property(env, result, "shape", shape), "result");
    check(napi_set_named_property(env, result, "data", data), "result");
    check(napi_set_element(env, list, i, result), "result");
  }
  return list;
}

size_t partsOf(napi_env env, napi_value value) {
  int64_t parts = 0;
  check(napi_get_value_int64(env, value, &parts), "parts");
  if (parts < 1 || parts > 256) throw Failure{"The session was called wrongly: parts are from 1 to 256"};
  return static_cast<size_t>(parts);
}

// run(session, data[], shapes[], parts): results
napi_value run(napi_env env, napi_callback_info info) {
  return guarded(env, info, [&](napi_value* arguments) {
    const Shared session = handleOf(env, arguments[0]);
    const size_t parts = partsOf(env, arguments[3]);
    auto given = givensOf(env, *session, arguments[1], arguments[2], parts);
    return valuesOf(env, runLots(*session, parts, [&](size_t lot) { return lotOf(given, lot, parts); }));
  });
}

struct Work {
  Shared session;
  std::vector<Tensors> lots;
  std::vector<Tensors> results;
  std::string failure;
  bool failed = false;
  napi_deferred deferred = nullptr;
  napi_async_work work = nullptr;
};

void execute(napi_env, void* data) {
  auto& work = *static_cast<Work*>(data);
  maas::StandIn().run([&work] {
    try {
      work.results = runLots(*work.session, work.lots.size(), [&work](size_t lot) { return std::move(work.lots[lot]); });
    } catch (const Failure& failure) {
      work.failed = true;
      work.failure = failure.message;
    }
  });
}

void complete(napi_env env, napi_status, void* data) {
  std::unique_ptr<Work> work(static_cast<Work*>(data));
  napi_delete_async_work(env, work->work);
  try {
    if (work->failed) throw Failure{work->failure};
    napi_resolve_deferred(env, work->deferred, valuesOf(env, work->results));
  } catch (const Failure& failure) {
    napi_value message, error;
    napi_create_string_utf8(env, failure.message.c_str(), NAPI_AUTO_LENGTH, &message);
    napi_create_error(env, nullptr, message, &error);
    napi_reject_deferred(env, work->deferred, error);
  }
}

// runElsewhere(session, data[], shapes[], parts): Promise of results; a thread of Node's pool waits for them.
napi_value runElsewhere(napi_env env, napi_callback_info info) {
  return guarded(env, info, [&](napi_value* arguments) {
    auto work = std::make_unique<Work>();
    work->session = handleOf(env, arguments[0]);
    const size_t parts = partsOf(env, arguments[3]);
    auto given = givensOf(env, *work->session, arguments[1], arguments[2], parts);
    for (size_t lot = 0; lot < parts; lot++) work->lots.push_back(lotOf(given, lot, parts));
    napi_value promise, name;
    check(napi_create_string_utf8(env, "maas session run", NAPI_AUTO_LENGTH, &name), "name");
    check(napi_create_async_work(env, nullptr, name, execute, complete, work.get(), &work->work), "work");
    check(napi_create_promise(env, &work->deferred, &promise), "promise");
    check(napi_queue_async_work(env, work->work), "queue");
    work.release();
    return promise;
  });
}

// readFloats(bytes, start): { shape, data, end } of the JSON lists that begin there, or undefined when they are not
// equally long lists of numbers that fit float32: the caller then parses them the long way and says what is wrong.
napi_value readFloats(napi_env env, napi_callback_info info) {
  return guarded(env, info, [&](napi_value* arguments) -> napi_value {
    const Bytes bytes = bytesOf(env, arguments[0]);
    uint32_t start = 0;
    check(napi_get_value_uint32(env, arguments[1], &start), "start");
    if (start > bytes.length) throw Failure{"The reader was called wrongly: it starts after the end"};
    const char* text = static_cast<const char*>(bytes.data);
    maas::NumberReader reader(text + start, text + bytes.length);
    if (!reader.read()) return nullptr;
    napi_value shape, buffer, data, end, result;
    check(napi_create_array_with_length(env, reader.shape().size(), &shape), "shape");
    for (uint32_t axis = 0; axis < reader.shape().size(); axis++) {
      napi_value size;
      check(napi_create_int64(env, reader.shape()[axis], &size), "size");
      check(napi_set_element(env, shape, axis, size), "size");
    }
    void* content = nullptr;
    const size_t length = reader.values().size();
    check(napi_create_arraybuffer(env, length * sizeof(float), &content, &buffer), "memory for the numbers");
    std::memcpy(content, reader.values().data(), length * sizeof(float));
    check(napi_create_typedarray(env, napi_float32_array, length, buffer, 0, &data), "data");
    check(napi_create_int64(env, reader.position() - text, &end), "end");
    check(napi_create_object(env, &result), "result");
    check(napi_set_named_property(env, result, "shape", shape), "result");
    check(napi_set_named_property(env, result, "data", data), "result");
    check(napi_set_named_property(env, result, "end", end), "result");
    return result;
  });
}

// firstNotFinite(values): where the first number is that is infinite or none, -1 when there is none such.
napi_value firstNotFinite(napi_env env, napi_callback_info info) {
  return guarded(env, info, [&](napi_value* arguments) {
    const Bytes bytes = bytesOf(env, arguments[0]);
    const size_t length = bytes.length / sizeof(float);
    const size_t at = maas::firstNotFinite(static_cast<const float*>(bytes.data), length);
    napi_value position;
    check(napi_create_int64(env, at == length ? -1 : static_cast<int64_t>(at), &position), "position");
    return position;
  });
}

}  // namespace

// What TensorFlow makes once, when its first graph and its first session are: the list of its operations and devices.
// Called by quiet.node's thread while JavaScript is still being read.
extern "C" __attribute__((visibility("default"))) void maasPrepare() {
  Status status(TF_NewStatus());
  Options options(TF_NewSessionOptions());
  // One thread for operations, which run on the thread that asks.
  const unsigned char config[] = {0x10, 1, 0x28, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1};
  TF_SetConfig(options.get(), config, sizeof(config), status.get());
  TF_Graph* graph = TF_NewGraph();
  // Where it cannot have threads of its own, it would decide over those of all sessions to come.
  TF_Session* session = threadSwitch() == nullptr ? nullptr : newSession(graph, options, true, status);
  if (session != nullptr) TF_DeleteSession(session, status.get());
  TF_DeleteGraph(graph);
}

extern "C" __attribute__((visibility("default"))) napi_value napi_register_module_v1(napi_env env, napi_value exports) {
  const napi_property_descriptor properties[] = {
      {"open", nullptr, open, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"also", nullptr, also, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"close", nullptr, close, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"run", nullptr, run, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"runElsewhere", nullptr, runElsewhere, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"readFloats", nullptr, readFloats, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"firstNotFinite", nullptr, firstNotFinite, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
  };
  napi_define_properties(env, exports, sizeof(properties) / sizeof(*properties), properties);
  return exports;
}
