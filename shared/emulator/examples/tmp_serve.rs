//! temporary
use std::sync::Arc;
#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut world = emulator::World::new(emulator::Settings::default());
    let clock = clock::Clock::system();
    let arn = world.role_arn("fn");
    world.put_role(emulator::ram::Role { name: "fn".into(), arn: arn.clone(), trust: serde_json::json!({"Statement":[{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":["fc.aliyuncs.com"]}}]}), policies: vec![] });
    world.put_function(clock.now(), "cn-hangzhou", emulator::fc::Function { name: "work".into(), handler: "b".into(), runtime: "custom.debian12".into(), timeout: 10, memory: 128, instance_concurrency: 1, environment: Default::default(), role_arn: arn });
    world.put_object(clock.now(), "cn-hangzhou", "store", "bindings.yml", b"bindings: []".to_vec());
    let cloud = emulator::driver::Cloud::start(world, clock, Arc::new(emulator::host::NoFunctions));
    let ports = emulator::ports::Ports::open(&cloud, 18080).await.unwrap();
    println!("{}", serde_json::to_string(&ports.endpoints().await.unwrap()).unwrap());
    std::future::pending::<()>().await;
}
